import Dispatch
import JSON
import Synchronization
import Testing

@testable import PlanAPI

private func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

private func answer(_ text: String) -> APIResponse { APIResponse(.json, body: bytes(text)) }

@Suite struct AnswerCacheTests {
  @Test func keepsAnswers() throws {
    let cache = AnswerCache()
    for round in 0..<3 {
      let response = try cache.answer(to: [1], isCancelled: { false }) { answer("\(round)") }
      #expect(response.body == bytes("0"))
    }
    #expect(cache.statistics.hits == 2)
    #expect(cache.statistics.misses == 1)
    #expect(cache.statistics.entries == 1)
  }

  @Test func worksOutEqualQuestionsOnce() {
    let cache = AnswerCache()
    let works = Atomic(0)
    DispatchQueue.concurrentPerform(iterations: 8) { _ in
      _ = try? cache.answer(to: [1], isCancelled: { false }) {
        works.add(1, ordering: .relaxed)
        for _ in 0..<200 { _ = JSONWriter.text(1.5) }
        return answer("x")
      }
    }
    #expect(works.load(ordering: .relaxed) == 1)
    let statistics = cache.statistics
    #expect(statistics.hits + statistics.joined == 7)
  }

  @Test func keepsNeitherProblemsNorWhatWasGivenUp() throws {
    let cache = AnswerCache()
    _ = try? cache.answer(to: [1], isCancelled: { false }) { () throws(Problem) in
      throw Problem(status: 400, detail: "no")
    }
    _ = try cache.answer(to: [2], isCancelled: { true }) { answer("half") }
    #expect(cache.statistics.entries == 0)
    #expect(try cache.answer(to: [1], isCancelled: { false }) { answer("1") }.body == bytes("1"))
  }

  @Test func forgetsWhatWasNotAskedForTheLongest() throws {
    let cache = AnswerCache(capacity: 400)
    func ask(_ question: UInt8) throws {
      _ = try cache.answer(to: [question], isCancelled: { false }) {
        APIResponse(.json, body: [UInt8](repeating: 0, count: 90))
      }
    }
    for question in [1, 2, 3, 4, 1, 5] as [UInt8] { try ask(question) }
    #expect(cache.statistics.bytes <= 400)
    let before = cache.statistics.misses
    try ask(1)
    #expect(cache.statistics.misses == before)
    try ask(2)
    #expect(cache.statistics.misses == before + 1)
  }

  @Test func neverKeepsMoreThanItMay() throws {
    let cache = AnswerCache(capacity: 100)
    _ = try cache.answer(to: [1], isCancelled: { false }) {
      APIResponse(.json, body: [UInt8](repeating: 0, count: 90))
    }
    #expect(cache.statistics.bytes == 0)
  }
}

@Suite struct RecentUseTests {
  /// Against a list that is searched.
  @Test(arguments: 1...8)
  func removesWhatWasNotUsedTheLongest(seed: UInt64) {
    var random = Lehmer(state: seed)
    var recent = RecentUse<Int, Int>()
    var list: [(key: Int, value: Int)] = []
    for step in 0..<2000 {
      let key = Int.random(in: 0..<24, using: &random)
      if Int.random(in: 0..<4, using: &random) == 0 {
        #expect(recent.removeOldest() == (list.isEmpty ? nil : list.removeFirst().value))
      } else if let known = list.firstIndex(where: { $0.key == key }) {
        list.append(list.remove(at: known))
        #expect(recent.use(key) == list.last?.value)
      } else {
        #expect(recent.use(key) == nil)
        recent.insert(step, for: key)
        list.append((key, step))
      }
      #expect(recent.count == list.count)
    }
  }
}

@Suite struct CachedPartitionTests {
  private let cache = AnswerCache()

  private func post(_ text: String, ifNoneMatch: [String] = []) -> APIResponse {
    var service = PlanService(model: PlainModelRule())
    service.answers = cache
    return Router(service.routes).response(
      to: APIRequest(
        method: "POST", path: "/partition", ifNoneMatch: ifNoneMatch, body: bytes(text)))
  }

  private let request = """
    {"model": 12, "cluster": "1x8xh100",
     "training": {"global_batch_size": 64, "sequence_length": 1024}}
    """

  @Test func answersTheSameQuestionInOtherWordsFromWhatIsKept() {
    let first = post(request)
    let again = post(
      """
      {"training": {"sequence_length": 1.024e3, "global_batch_size": 64.0},
       "cluster": "1x8xh100", "model": 12}
      """)
    #expect(first.status == 200)
    #expect(first.body == again.body)
    #expect(cache.statistics.hits == 1)
  }

  @Test func doesNotSendWhatTheCallerHas() throws {
    let tag = try #require(post(request)[header: "ETag"])
    let again = post(request, ifNoneMatch: [tag])
    #expect(again.status == 304)
    #expect(again.body.isEmpty)
    #expect(post(request, ifNoneMatch: ["\"other\""]).status == 200)
  }

  @Test func tagsLeaveOutWhatTheSearchTook() {
    let (a, b) = (#"{"x":1,"search_seconds":0.25,"y":2}"#, #"{"x":1,"search_seconds":3e-5,"y":2}"#)
    #expect(EntityTag.ofAnswer(bytes(a)) == EntityTag.ofAnswer(bytes(b)))
    #expect(
      EntityTag.ofAnswer(bytes(a))
        != EntityTag.ofAnswer(bytes(a.replacing("\"y\":2", with: "\"y\":3"))))
  }

  @Test func keepsNothingThatADeadlineCut() {
    let deadline = request.dropLast(2) + #""}, "search": {"deadline_ms": 1000}}"#.dropFirst(1)
    #expect(post(String(deadline)).status == 200)
    #expect(cache.statistics == AnswerCache.Statistics())
  }
}
