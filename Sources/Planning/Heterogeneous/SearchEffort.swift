/// How much a search may do, in numbers that do not depend on the machine.
package struct SearchEffort: Hashable, Sendable {
  /// Layouts that are looked at.
  package var layouts = 4000
  /// States of the reach table of one layout, and of all that are filled.
  package var statesPerLayout = 1 << 13
  package var states = 1 << 21
  /// Table entries of one layout, and of all.
  package var entriesPerLayout = 1 << 19
  package var entries = 1 << 21
  /// Layouts of unequal replicas that are looked at.
  package var laneLayouts = 64
  /// Stages tried by all walks, and by one.
  package var tries = 1 << 16
  package var triesPerState = 1 << 13
  /// Plans kept.
  package var kept = 16

  package init() {}
}
