import ArgumentParser

struct PartitionCommand: ExportingCommand {
  static let path = "/partition"
  static let configuration = CommandConfiguration(
    commandName: "partition", abstract: "Finds the best plan for a model on a cluster.")
  @OptionGroup var posted: PostedBody
  @OptionGroup var exporting: ExportOptions
}

struct SimulateCommand: ExportingCommand {
  static let path = "/simulate"
  static let configuration = CommandConfiguration(
    commandName: "simulate", abstract: "Predicts what a given plan does.")
  @OptionGroup var posted: PostedBody
  @OptionGroup var exporting: ExportOptions
}

struct ReplanCommand: PostCommand {
  static let path = "/replan"
  static let configuration = CommandConfiguration(
    commandName: "replan", abstract: "Plans anew after devices were lost or became slow.")
  @OptionGroup var posted: PostedBody
}

struct AnalyzeCommand: PostCommand {
  static let path = "/analyze"
  static let configuration = CommandConfiguration(
    commandName: "analyze", abstract: "Shows where a model is heavy and how it can be cut.")
  @OptionGroup var posted: PostedBody
}

struct GraphCommand: PostCommand {
  static let path = "/graph"
  static let configuration = CommandConfiguration(
    commandName: "graph", abstract: "Writes out a model's layer graph.")
  @OptionGroup var posted: PostedBody
}

struct ClusterCommand: PostCommand {
  static let path = "/cluster"
  static let configuration = CommandConfiguration(
    commandName: "cluster", abstract: "Writes out a cluster with everything that was assumed.")
  @OptionGroup var posted: PostedBody
}

struct CalibrateCommand: PostCommand {
  static let path = "/calibrate"
  static let configuration = CommandConfiguration(
    commandName: "calibrate", abstract: "Fits a cost profile to measured times.")
  @OptionGroup var posted: PostedBody
}

struct ModelsCommand: CatalogueCommand {
  static let path = "/catalog/models"
  static let configuration = CommandConfiguration(
    commandName: "models", abstract: "Lists the models known by name.")
}

struct MachinesCommand: CatalogueCommand {
  static let path = "/catalog/machines"
  static let configuration = CommandConfiguration(
    commandName: "machines", abstract: "Lists the cloud providers' machines known by name.")
}

struct GPUsCommand: CatalogueCommand {
  static let path = "/catalog/gpus"
  static let configuration = CommandConfiguration(
    commandName: "gpus", abstract: "Lists the GPUs known by name, with sources.")
}
