/**
 * What the user sees: job lines, summary, explanations, the tables of lshow. Decides nothing; given values, gives text.
 */
package lmake.report;
