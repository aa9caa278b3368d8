import Dispatch
import JSON
import Synchronization
import Testing

@testable import PlanAPI

/// Answers are the same whether or not costs are known from earlier requests.
@Suite struct RecentProblemTests {
  private let problems = RecentProblems()

  /// What is the same of every answer to a request.
  private func answer(_ request: String, _ problems: RecentProblems?) -> String? {
    var service = PlanService.standard()
    service.problems = problems
    let response = Router(service.routes).response(
      to: APIRequest(method: "POST", path: "/partition", body: Array(request.utf8)))
    #expect(response.status == 200)
    return response[header: "ETag"]
  }

  private static func request(
    model: String = "\"gpt-0.3b\"", cluster: String = "1x4xh100", batch: Int = 16,
    sequence: Int = 1024, more: String = "", search: String = "{}"
  ) -> String {
    """
    {"model": \(model), "cluster": "\(cluster)", "search": \(search),
     "training": {"global_batch_size": \(batch), "sequence_length": \(sequence)\(more)}}
    """
  }

  private static let requests = [
    request(), request(batch: 24), request(search: #"{"memory_headroom_fraction": 0.5}"#),
    request(search: #"{"memory_headroom_fraction": 0.97}"#),
    request(search: #"{"objective": "memory"}"#), request(search: #"{"frontier": true}"#),
    request(search: #"{"zero_stage": [3], "top": 9}"#),
    request(more: #", "precision": "fp8""#), request(more: #", "optimizer": "sgd""#),
    request(sequence: 2048), request(cluster: "2x2xh100"), request(cluster: "1x4xa100-sxm4-40gb"),
    request(model: "\"gpt-1.5b\""),
    request(
      model: """
        {"graph": {"directed": true, "nodes": [
          {"id": "a", "parameters": 1e8, "forward_flops": 1e12, "activation_bytes": 1e7},
          {"id": "b", "parameters": 2e8, "forward_flops": 2e12, "activation_bytes": 1e7},
          {"id": "c", "parameters": 1e8, "forward_flops": 1e12, "activation_bytes": 1e7}],
          "edges": [{"source": "a", "target": "c", "bytes": 1e6},
                    {"source": "b", "target": "c", "bytes": 1e6}]}}
        """, batch: 8),
  ]

  @Test func answersDoNotTellWhatWasKnown() {
    let alone = Self.requests.map { answer($0, nil) }
    for order in [Array(Self.requests.indices), Self.requests.indices.reversed()] {
      for index in order {
        #expect(answer(Self.requests[index], problems) == alone[index], "\(Self.requests[index])")
      }
    }
    // The first seven differ in what costs do not follow from.
    #expect(problems.statistics.hits == Self.requests.count + 6)
    #expect(problems.statistics.misses == Self.requests.count - 6)
  }

  @Test func answersDoNotTellWhoAskedMeanwhile() {
    let requests = Array(Self.requests.prefix(4))
    let alone = requests.map { answer($0, nil) }
    let wrong = Atomic(0)
    DispatchQueue.concurrentPerform(iterations: 16) { round in
      let index = round % requests.count
      if answer(requests[index], problems) != alone[index] { wrong.add(1, ordering: .relaxed) }
    }
    #expect(wrong.load(ordering: .relaxed) == 0)
    #expect(problems.statistics.entries == 1)
  }

  @Test func holdsNoMoreThanItMay() {
    let small = RecentProblems(entries: 2, bytesOfEach: 20_000)
    for batch in [16, 24] {
      for cluster in ["1x4xh100", "1x2xh100", "1x1xh100"] {
        let request = Self.request(cluster: cluster, batch: batch)
        #expect(answer(request, small) == answer(request, nil))
        #expect(small.statistics.entries <= 2)
        #expect(small.statistics.bytes <= 40_000)
      }
    }
    #expect(small.statistics.hits == 0)
    #expect(small.statistics.misses == 6)
    #expect(small.statistics.bytes > 0)
  }
}
