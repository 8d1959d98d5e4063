/**
 * Rules, stems, patterns: which job could make this target, and what it is told to run. Built from the digest of the reader
 * (src/doc/digest.md), immutable afterwards. Knows names, no ids but those of rules; no thread of its own.
 */
package lmake.rules;
