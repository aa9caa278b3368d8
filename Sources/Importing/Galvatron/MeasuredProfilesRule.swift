import Galvatron
import JSON

/// Reads `profiles`: the files of Galvatron's profilers, as far as they are there.
package struct MeasuredProfilesRule: JSONRule {
  package init() {}

  package var expectation: String {
    "an object with the contents of profile files, such as computation and memory"
  }

  package func read(_ value: JSONValue, _ log: JSONFaultLog) -> MeasuredProfiles? {
    let rule: JSONObjectRule<MeasuredProfiles> = .object { members in
      var profiles = MeasuredProfiles()
      profiles.computation = members.optional("computation", ComputationProfileRule())
      profiles.memory = members.optional("memory", MemoryProfileRule())
      profiles.allReduceBandwidth = members.optional("allreduce_bandwidth", GroupBandwidthRule())
      profiles.stageBandwidth = members.optional("p2p_bandwidth", StageBandwidthRule())
      profiles.messageTimes = members.optional("sp_time", MessageTimesRule())
      profiles.overlapSlowdown = members.optional("overlap", OverlapRule())
      // Where the numbers are from.
      _ = members.optional("source", .string)
      if members.object.count == 0 { members.note("expected at least one profile file") }
      return members.isSound ? profiles : nil
    }
    return rule.read(value, log)
  }
}

extension JSONRule where Self == MeasuredProfilesRule {
  package static var measuredProfiles: Self { Self() }
}
