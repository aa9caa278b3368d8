import ArgumentParser
import JSON
import PlanAPI

/// The forms an answer may be asked for in; which of them there are is the route's affair.
enum OutputFormat: String, CaseIterable, ExpressibleByArgument {
  case json, text, svg, dot, html, yaml

  var media: MediaType {
    switch self {
    case .json: .json
    case .text: .text
    case .svg: .svg
    case .dot: .graphviz
    case .html: .html
    case .yaml: .yaml
    }
  }
}

/// A command that asks a route of the service, without the service.
protocol RouteCommand: ParsableCommand {
  static var method: String { get }
  static var path: String { get }
  /// What is posted; empty for routes that are fetched.
  func body() throws(CommandFailure) -> [UInt8]
  var format: OutputFormat { get }
  /// Gives the service what was given on the command line for it.
  func prepare(_ service: inout PlanService) throws(CommandFailure)
  /// Gives an answer to who asked; false if it is not what they asked for.
  func deliver(_ answer: [UInt8]) throws(CommandFailure) -> Bool
}

extension RouteCommand {
  func run() throws {
    var service = PlanService.standard()
    service.parallel = .cores
    if Terminal.hasColours { service.terminalStyle = .ansi }
    try prepare(&service)
    try checkFormat(service)
    if Terminal.showsProgress { service.onProgress = { Terminal.progress($0.line) } }
    let answer = Router(service.routes).response(
      to: APIRequest(
        method: Self.method, path: Self.path, accept: [format.media.name], body: try body()))
    Terminal.clearProgress()
    guard answer.status == 200 else {
      throw CommandFailure(
        status: answer.status < 500 ? .badInput : .internalError,
        message: Self.message(ofProblem: answer.body))
    }
    let isComplete = try deliver(answer.body)
    if answer.isInfeasible || !isComplete { Terminal.exit(.infeasible) }
  }

  private func checkFormat(_ service: PlanService) throws(CommandFailure) {
    let offers = service.routes.first { $0.path == Self.path }?.offers ?? []
    guard !offers.contains(format.media) else { return }
    let forms = OutputFormat.allCases.filter { offers.contains($0.media) }.map(\.rawValue)
    throw CommandFailure(
      status: .badInput,
      message: "--format \(format.rawValue): this answer comes as \(forms.joined(separator: ", "))")
  }

  func prepare(_ service: inout PlanService) throws(CommandFailure) {}

  func deliver(_ answer: [UInt8]) throws(CommandFailure) -> Bool {
    Terminal.print(answer)
    return true
  }

  /// A problem document for the terminal: its detail, and a line for each fault.
  private static func message(ofProblem document: [UInt8]) -> String {
    guard let problem = try? JSONDocument(parsing: document).root,
      let detail = problem["detail"]?.string
    else { return String(decoding: document, as: UTF8.self) }
    let faults = problem["errors"]?.elements.map { fault in
      "\n  \(fault["pointer"]?.string ?? ""): \(fault["detail"]?.string ?? "")"
    }
    return detail + (faults ?? []).joined()
  }
}

/// What commands that post a body have in common.
struct PostedBody: ParsableArguments {
  @Argument(help: "The request body, a JSON file; standard input when left out or -.")
  var file: String?
  @Option(help: "json, or another form that the route has.")
  var format = OutputFormat.json
  @Option(
    help: ArgumentHelp(
      "A directory of measured profiles that the request may name.", valueName: "directory"))
  var profiles: String?
}

protocol PostCommand: RouteCommand {
  var posted: PostedBody { get }
}

extension PostCommand {
  static var method: String { "POST" }
  var format: OutputFormat { posted.format }
  func prepare(_ service: inout PlanService) throws(CommandFailure) {
    guard let profiles = posted.profiles else { return }
    service.profiles = try ProfileDirectory.store(at: profiles)
  }
  func body() throws(CommandFailure) -> [UInt8] { try Terminal.contents(of: posted.file) }
}

/// Commands whose plans can be had as launchers take them.
protocol ExportingCommand: PostCommand {
  var exporting: ExportOptions { get }
}

extension ExportingCommand {
  var format: OutputFormat { exporting.targets.isEmpty ? posted.format : .json }
  func body() throws(CommandFailure) -> [UInt8] {
    exporting.asking(try Terminal.contents(of: posted.file))
  }
  func deliver(_ answer: [UInt8]) throws(CommandFailure) -> Bool {
    guard exporting.targets.isEmpty else { return try exporting.deliver(answer) }
    Terminal.print(answer)
    return true
  }
}

protocol CatalogueCommand: RouteCommand {}

extension CatalogueCommand {
  static var method: String { "GET" }
  var format: OutputFormat { .json }
  func body() throws(CommandFailure) -> [UInt8] { [] }
}
