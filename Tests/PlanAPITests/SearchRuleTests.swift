import Costing
import JSON
import Planning
import Scheduling
import Testing

@testable import PlanAPI

@Suite struct SearchRuleTests {
  @Test func leftOutIsFree() throws {
    #expect(try value("{}", as: .search) == SearchRequest())
  }

  @Test func takesValuesAndLists() throws {
    let request = try value(
      """
      {"pipeline_parallel": 4, "tensor_parallel": [1, 2, 8], "data_parallel": [3],
       "context_parallel": 1, "expert_parallel": [2, 4], "virtual_stages": [1, 2],
       "micro_batch_size": 2, "zero_stage": [0, 1, 3], "recompute": ["none", "full"],
       "schedule": "1f1b", "sequence_parallel": [true, false], "objective": "memory",
       "memory_headroom_fraction": 0.1, "top": 0, "deadline_ms": 250, "frontier": true,
       "explain": false, "uneven_chunks": true, "rank_order": "tp-cp-pp-dp"}
      """, as: .search)
    var expected = SearchConstraints()
    expected.pipeline = [4]
    expected.tensor = [1, 2, 8]
    expected.data = [3]
    expected.context = [1]
    expected.expert = [2, 4]
    expected.virtualStages = [1, 2]
    expected.microBatchSize = [2]
    expected.zeroStage = [.none, .optimizer, .weights]
    expected.recompute = [.none, .full]
    expected.schedule = [.oneForwardOneBackward]
    expected.sequenceParallel = [true, false]
    expected.allowsUnevenChunks = true
    expected.rankOrder = [.tensorContextPipelineData]
    expected.objective = .memory
    expected.memoryHeadroomFraction = 0.1
    expected.alternatives = 0
    expected.wantsFrontier = true
    #expect(
      request
        == SearchRequest(constraints: expected, deadlineMilliseconds: 250, explains: false))
  }

  @Test(arguments: [
    (#"{"pipeline_parallel": 0}"#, "/pipeline_parallel"),
    (#"{"tensor_parallel": []}"#, "/tensor_parallel"),
    (#"{"tensor_parallel": [1, "2"]}"#, "/tensor_parallel/1"),
    (#"{"tensor_parallel": [[1]]}"#, "/tensor_parallel/0"),
    (#"{"tensor_parallel": 1e9}"#, "/tensor_parallel"),
    (#"{"zero_stage": 4}"#, "/zero_stage"),
    (#"{"zero_stage": [0, -1]}"#, "/zero_stage/1"),
    (#"{"recompute": true}"#, "/recompute"),
    (#"{"schedule": ["1f1b", "1b1f"]}"#, "/schedule/1"),
    (#"{"sequence_parallel": 1}"#, "/sequence_parallel"),
    (#"{"rank_order": ["tp-cp-dp-pp", "dp-tp"]}"#, "/rank_order/1"),
    (#"{"memory_headroom_fraction": 1}"#, "/memory_headroom_fraction"),
    (#"{"memory_headroom_fraction": -0.1}"#, "/memory_headroom_fraction"),
    (#"{"top": -1}"#, "/top"), (#"{"deadline_ms": -1}"#, "/deadline_ms"),
    (#"{"objective": "speed"}"#, "/objective"), (#"{"tensor_paralel": 2}"#, "/tensor_paralel"),
    (#"{"uneven_chunks": 2}"#, "/uneven_chunks"), (#"{"frontier": null}"#, "/frontier"),
    (#"{"explain": 1}"#, "/explain"),
  ])
  func notesFaults(text: String, expected: String) throws {
    #expect(try pointers(text, as: .search) == [expected])
  }

  @Test func bindsTheLengthOfLists() throws {
    let long = "{\"data_parallel\": [" + String(repeating: "1,", count: 300) + "1]}"
    #expect(try pointers(long, as: .search) == ["/data_parallel"])
  }
}
