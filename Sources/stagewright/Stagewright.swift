import ArgumentParser

@main
struct Stagewright: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "stagewright", abstract: "Plans distributed training of large language models.")
}
