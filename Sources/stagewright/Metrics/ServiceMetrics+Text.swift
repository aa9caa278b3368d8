import MicroHTTP
import PlanAPI

extension ServiceMetrics {
  /// The page that Prometheus reads.
  func page(
    _ server: HTTPServer, droppedLogLines: Int, answers: AnswerCache.Statistics,
    problems: RecentProblems.Statistics, process: ProcessFigures? = .current
  ) -> String {
    var page = PrometheusText()
    Self.addRequests(current, to: &page)
    Self.addServer(server, droppedLogLines, to: &page)
    Self.add(answers, to: &page)
    Self.add(problems, to: &page)
    page.family("stagewright_build_info", .gauge, "What runs; always 1.") {
      $0.add(
        [
          "version": BuildInformation.version, "swift": BuildInformation.swiftVersion,
          "libmicrohttpd": HTTPServer.libraryVersion,
        ], 1)
    }
    if let process { Self.add(process, to: &page) }
    return page.text
  }

  private static func add(_ answers: AnswerCache.Statistics, to page: inout PrometheusText) {
    page.family(
      "stagewright_plan_cache_requests_total", .counter,
      "Plans asked for: kept (hit), waited for (joined), or worked out (miss)."
    ) { samples in
      samples.add(["result": "hit"], Double(answers.hits))
      samples.add(["result": "joined"], Double(answers.joined))
      samples.add(["result": "miss"], Double(answers.misses))
    }
    page.single(
      "stagewright_plan_cache_entries", .gauge, "Plans that are kept.", Double(answers.entries))
    page.single(
      "stagewright_plan_cache_bytes", .gauge, "Bytes of plans that are kept.",
      Double(answers.bytes))
  }

  private static func add(_ problems: RecentProblems.Statistics, to page: inout PrometheusText) {
    page.family(
      "stagewright_cost_cache_requests_total", .counter,
      "Plans worked out for a model and GPUs whose costs were kept (hit), or not (miss)."
    ) { samples in
      samples.add(["result": "hit"], Double(problems.hits))
      samples.add(["result": "miss"], Double(problems.misses))
    }
    page.single(
      "stagewright_cost_cache_entries", .gauge, "Models on GPUs whose costs are kept.",
      Double(problems.entries))
    page.single(
      "stagewright_cost_cache_bytes", .gauge, "Bytes of costs that are kept.",
      Double(problems.bytes))
  }

  private static func addRequests(_ counts: Counts, to page: inout PrometheusText) {
    let routes = counts.routes.sorted { $0.key < $1.key }
    page.family(
      "stagewright_http_requests_total", .counter, "Requests answered, by route and status."
    ) { samples in
      for (route, counts) in routes {
        for kind in counts.answers.sorted(by: { ($0.method, $0.status) < ($1.method, $1.status) }) {
          samples.add(
            ["route": route, "method": kind.method, "status": "\(kind.status)"],
            Double(kind.count))
        }
      }
    }
    page.family(
      "stagewright_http_request_duration_seconds", .histogram,
      "From the request line to the last byte of the answer."
    ) { samples in
      for (route, counts) in routes { samples.add(["route": route], counts.durations) }
    }
    page.family(
      "stagewright_planning_duration_seconds", .histogram, "Time of a worker that a job took."
    ) { samples in
      for (route, counts) in routes {
        if let planning = counts.planning { samples.add(["route": route], planning) }
      }
    }
    page.family(
      "stagewright_http_rejections_total", .counter, "What the server turned away, by reason."
    ) { samples in
      for refusal in HTTPRefusal.allCases {
        samples.add(["reason": refusal.rawValue], Double(counts.refusals[refusal] ?? 0))
      }
    }
    page.family(
      "stagewright_http_unfinished_total", .counter,
      "Answers that did not reach their client whole."
    ) { samples in
      for outcome in [HTTPExchange.Outcome.clientGone, .cut] {
        samples.add(["outcome": outcome.rawValue], Double(counts.unfinished[outcome] ?? 0))
      }
    }
  }

  private static func addServer(
    _ server: HTTPServer, _ droppedLogLines: Int, to page: inout PrometheusText
  ) {
    let now = server.statistics
    let gauges = [
      ("http_connections", "Open connections.", now.connections),
      ("http_requests_in_flight", "Requests handed to workers, not yet answered.", now.inFlight),
      ("queue_depth", "Requests waiting for a worker.", now.queued),
      ("queue_limit", "Requests that may wait.", server.configuration.queueLimit),
      ("workers_busy", "Workers at work.", now.working),
      ("workers", "Workers.", server.configuration.workerCount),
      ("draining", "1 once told to stop.", server.isDraining ? 1 : 0),
    ]
    for (name, help, value) in gauges {
      page.single("stagewright_" + name, .gauge, help, Double(value))
    }
    page.single(
      "stagewright_log_lines_dropped_total", .counter, "Log lines that nobody read in time.",
      Double(droppedLogLines))
  }

  private static func add(_ process: ProcessFigures, to page: inout PrometheusText) {
    page.single(
      "process_cpu_seconds_total", .counter, "CPU time used, user and system.",
      process.cpuSeconds)
    page.single(
      "process_resident_memory_bytes", .gauge, "Memory resident.", Double(process.residentBytes))
    page.single(
      "process_virtual_memory_bytes", .gauge, "Memory mapped.", Double(process.virtualBytes))
    page.single(
      "process_start_time_seconds", .gauge, "Start, in seconds since 1970.", process.startSeconds)
    page.single("process_threads", .gauge, "Threads.", Double(process.threads))
    page.single("process_open_fds", .gauge, "Descriptors open.", Double(process.openDescriptors))
    page.single("process_max_fds", .gauge, "Descriptors allowed.", Double(process.maxDescriptors))
  }
}
