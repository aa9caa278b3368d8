import Calibrating
import Hardware
import Logging
import MicroHTTP
import PlanAPI

/// The running service: a server with the routes behind it, a log and metrics.
struct Service: Sendable {
  let settings: EffectiveSettings
  let log: LogWriter
  let logger: Logger
  let metrics: ServiceMetrics
  let server: HTTPServer

  init(_ settings: EffectiveSettings) throws(CommandFailure) {
    let values = settings.values
    let profiles =
      values.profiles.isEmpty ? ProfileStore() : try ProfileDirectory.store(at: values.profiles)
    let answers = AnswerCache()
    let problems = RecentProblems()
    let router = Self.router(
      with: profiles, costs: try Self.costProfile(at: values.profile), answers: answers,
      problems: problems, catalogue: try Self.catalogue(extendedBy: values.gpus))
    let log = LogWriter()
    let logger = Logger(label: "stagewright") { _ in
      LineLogHandler(level: values.logLevel, format: values.logFormat, writer: log)
    }
    let metrics = ServiceMetrics()
    let probes = Probes(metrics: metrics, log: log, answers: answers, problems: problems)
    let doorway = Doorway(router: router)
    self.settings = settings
    self.log = log
    self.logger = logger
    self.metrics = metrics
    server = HTTPServer(
      configuration: values.server, observer: ServiceObserver(metrics: metrics, logger: logger),
      inline: { probes.response(to: $0, $1) }, handler: { doorway.response(to: $0, $1) })
  }

  /// Every route but the probes.
  static var router: Router { router(with: ProfileStore()) }

  private static func router(
    with profiles: ProfileStore, costs: CostProfile? = nil, answers: AnswerCache? = nil,
    problems: RecentProblems? = nil, catalogue: AcceleratorCatalogue = .standard
  ) -> Router {
    var service = PlanService.standard()
    service.catalogue = catalogue
    service.profiles = profiles
    service.profile = costs
    service.answers = answers
    service.problems = problems
    service.parallel = .cores
    return Router(service.routes + [.specification])
  }

  /// The cost profile of a file, none for an empty path.
  private static func costProfile(at path: String) throws(CommandFailure) -> CostProfile? {
    guard !path.isEmpty else { return nil }
    return try read(path, as: PlanService.profile(parsing:))
  }

  /// The catalogue with a file's accelerators; as it ships for an empty path.
  private static func catalogue(
    extendedBy path: String
  ) throws(CommandFailure) -> AcceleratorCatalogue {
    guard !path.isEmpty else { return .standard }
    return try read(path, as: PlanService.catalogue(parsing:))
  }

  private static func read<Content>(
    _ path: String, as content: ([UInt8]) -> Result<Content, Problem>
  ) throws(CommandFailure) -> Content {
    switch content(try Terminal.contents(of: path)) {
    case .success(let content): return content
    case .failure(let problem):
      throw CommandFailure(status: .badInput, message: "\(path): \(problem.detail)")
    }
  }

  /// Serves until it is told to stop.
  func run() throws(CommandFailure) -> Never {
    let signals = StopSignals()
    do {
      let address = try server.start()
      logger.notice(
        "listening on \(address.url)", metadata: ["version": "\(BuildInformation.version)"])
    } catch {
      throw CommandFailure(status: .badInput, message: error.description)
    }
    for warning in settings.warnings { logger.warning("\(warning)") }
    signals.stop(self)
  }
}
