/**
 * Where jobs run. Takes jobs with their resources, starts them on an agent when they fit, gives back events.
 */
package lmake.backend;
