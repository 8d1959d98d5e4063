package lmake.command;

import lmake.base.UserError;

/** One tool. */
interface Command {
  /** Its command line. */
  ToolSpec spec();

  /** Does it, now or by callbacks; {@link Session#exit} ends it. */
  void run(Context context) throws UserError;
}
