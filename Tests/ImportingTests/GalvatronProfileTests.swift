import Galvatron
import Importing
import JSON
import Testing

@Suite struct GalvatronProfileTests {
  private let computation =
    #""computation": {"layertype_0_bsz1_seq2048": 4.4, "layernum2_bsz1_seq2048": 15}"#

  @Test func readsEveryFile() throws {
    let text = """
      {\(computation), "memory": {"1_1_8_sp": {"layernum[1]_bsz8_seq2048_rank0_ms": 904.3},
      "layertype_0": {"parameter_size": 100, "tp_activation_per_bsz_dict": {"1": 8, "2": 4,
      "checkpoint": 2}}, "other_memory_pp_off": {"model_states": 50, "activation": 3},
      "other_memory_pp_on_first": {"model_states": 25, "activation": 1},
      "other_memory_pp_on_last": {"model_states": 25, "activation": 2}},
      "allreduce_bandwidth": {"allreduce_size_2_consec_1": 150, "allreduce_size_2_consec_0": 20},
      "p2p_bandwidth": {"pp_size_2": 160}, "overlap": {"overlap_coe": 1.1},
      "sp_time": {"allreduce_size_2_1MB_time": 0.1, "allreduce_size_2_2MB_time": 0.15,
      "all2all_size_2_1MB_time": 0.1, "all2all_size_2_2MB_time": 0.2}}
      """
    let profiles = try value(text, as: .measuredProfiles)
    #expect(
      profiles.computation?.layer == [.init(batch: 1, sequenceLength: 2048, milliseconds: 4.4)])
    // Older files name no sequence length.
    #expect(profiles.memory?.plain.layer[0]?.activations == [1: 8, 2: 4])
    #expect(profiles.memory?.plain.onlyStage[0]?.states == [1: 50])
    #expect(profiles.memory?.sequenceParallel.isEmpty ?? false)
    #expect(profiles.allReduceBandwidth?.strided == [2: 20])
    #expect(profiles.stageBandwidth == [2: 160])
    #expect(profiles.overlapSlowdown == 1.1)
    let times = try #require(profiles.messageTimes?.allReduce[2])
    #expect(times.milliseconds(megabytes: 2) == 0.15)
    #expect(abs(times.milliseconds(megabytes: 3) - 0.2) < 1e-7)
  }

  @Test(
    arguments: [
      (#"{"computation": {"allreduce_size_8_consec_1": 154}}"#, ["/computation"]),
      (#"{"memory": {"layertype_0_bsz1_seq2048": 4.4}}"#, ["/memory"]),
      (#"{"overlap": {"overlap_coe": 0.5}}"#, ["/overlap/overlap_coe"]),
      (#"{"overlap": 1.1, "p2p_bandwidth": {}}"#, ["/overlap", "/p2p_bandwidth"]),
      (
        #"{"p2p_bandwidth": {"pp_size_2": 0, "pp_size_x": 1}}"#,
        ["/p2p_bandwidth/pp_size_2", "/p2p_bandwidth/pp_size_x"]
      ),
      (#"{"sp_time": {"allreduce_size_8_1MB_time": 1}}"#, ["/sp_time"]),
      (
        #"{"computation": {"layertype_0_bsz1_seq2048": "4", "layertype_0_bsz2_sq": 1}}"#,
        ["/computation/layertype_0_bsz1_seq2048", "/computation/layertype_0_bsz2_sq"]
      ),
      (
        #"{"computation": {"layertype_1_bsz1_seq2048": 4}}"#,
        ["/computation/layertype_1_bsz1_seq2048"]
      ),
      (
        #"{"computation": {"layertype_other_bsz1_seq2048": 4}}"#,
        ["/computation/layertype_0_bsz1_seq2048"]
      ),
      (
        #"{"memory": {"layertype_0_sp": {"2048": {"parameter_size": 1}}}}"#,
        [
          "/memory/other_memory_pp_off_sp", "/memory/other_memory_pp_on_first_sp",
          "/memory/other_memory_pp_on_last_sp",
          "/memory/layertype_0_sp/2048/tp_activation_per_bsz_dict",
        ]
      ),
      (#"{"overlaps": {"overlap_coe": 1.5}}"#, ["/overlaps"]),
      ("{}", [""]),
    ] as [(String, [String])])
  func faultsHavePointers(text: String, pointers: [String]) throws {
    let found = try faults(text, as: .measuredProfiles)
    #expect(Set(found.map { String($0.prefix { $0 != ":" }) }) == Set(pointers), "\(found)")
  }

  @Test func otherFilesAreNamed() throws {
    let found = try faults(#"{"memory": {"pp_size_2": 160}}"#, as: .measuredProfiles)
    #expect(
      found == [
        "/memory: expected the contents of memory_profiling_*.json, with keys like layertype_0_sp, "
          + "found one of p2p_bandwidth_*.json"
      ])
  }
}
