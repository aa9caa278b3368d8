import ArgumentParser

/// The command. Without a subcommand it says what it can do.
@main
struct Stagewright: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "stagewright",
    abstract: "Plans distributed training of large language models.",
    discussion: """
      Takes a model, a cluster and a training job as JSON and finds how to split the one over the \
      other: pipeline, tensor and data parallelism, micro-batches, recomputation. The commands \
      that are named like routes read a request body, from a file or from standard input, and print \
      the answer that the service would give.

        stagewright partition Examples/gpt-1.5b.json --format text
        stagewright serve --port 8080

      Exit status: 0 done, 1 no plan is feasible or none was found by deadline_ms, 2 the input is wrong, \
      3 our mistake.
      """,
    version: BuildInformation.version,
    subcommands: [ServeCommand.self] + routeCommands)

  /// The commands that are named like routes.
  static let routeCommands: [any RouteCommand.Type] = [
    PartitionCommand.self, SimulateCommand.self, ReplanCommand.self, AnalyzeCommand.self,
    GraphCommand.self, ClusterCommand.self, CalibrateCommand.self, ModelsCommand.self,
    GPUsCommand.self, MachinesCommand.self,
  ]

  static func main() {
    do {
      var command = try parseAsRoot()
      try command.run()
    } catch let failure as CommandFailure {
      failure.exit()
    } catch {
      // What the parser throws: a clean exit for --help, else a misuse of the command line.
      let isHelp = exitCode(for: error) == .success
      let message = fullMessage(for: error)
      if isHelp {
        Terminal.print(message + "\n")
      } else {
        Terminal.complain(message + "\n")
      }
      Terminal.exit(isHelp ? .done : .badInput)
    }
  }
}
