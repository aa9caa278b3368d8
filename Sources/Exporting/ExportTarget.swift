/// Whom an export is for.
package enum ExportTarget: Hashable, Sendable {
  case megatron
  case megatronBridge
  case torchtitan(TorchtitanVersion)
  case deepspeed
  case nanotron
  case accelerate
  case galvatron
  case kubeflow(KubeflowVersion)
  case slurm
  case torchrun

  /// By the first release whose configuration has the form.
  package enum TorchtitanVersion: String, Hashable, Sendable, CaseIterable {
    /// Split points, which name the first layer of each stage but the first.
    case splitPoints = "0.1"
    /// The names of all modules of each stage.
    case moduleNames = "0.2"
    /// The same in Python, which took the place of TOML.
    case python = "0.3"
  }

  /// By the first release of the trainer whose TrainJob has the form; all are `v1alpha1`.
  package enum KubeflowVersion: String, Hashable, Sendable, CaseIterable {
    /// `podTemplateOverrides`.
    case templateOverrides = "2.1"
    /// `runtimePatches`.
    case runtimePatches = "2.2"
  }

  /// Every target, each in the version that is meant where none is named.
  package static let all: [ExportTarget] = [
    .megatron, .megatronBridge, .torchtitan(.moduleNames), .deepspeed, .nanotron, .accelerate,
    .galvatron, .kubeflow(.runtimePatches), .slurm, .torchrun,
  ]

  package static let allWithVersions: [ExportTarget] = all.flatMap { target in
    target.versions.isEmpty ? [target] : target.versions.compactMap(target.at(version:))
  }

  package static var names: [String] { all.map(\.name) }

  package var name: String {
    switch self {
    case .megatron: "megatron"
    case .megatronBridge: "megatron-bridge"
    case .torchtitan: "torchtitan"
    case .deepspeed: "deepspeed"
    case .nanotron: "nanotron"
    case .accelerate: "accelerate"
    case .galvatron: "galvatron"
    case .kubeflow: "kubeflow"
    case .slurm: "slurm"
    case .torchrun: "torchrun"
    }
  }

  package var title: String {
    switch self {
    case .megatron: "Megatron-LM"
    case .megatronBridge: "Megatron Bridge"
    case .torchtitan(let version): "torchtitan \(version.rawValue)"
    case .deepspeed: "DeepSpeed"
    case .nanotron: "nanotron"
    case .accelerate: "Accelerate"
    case .galvatron: "Galvatron"
    case .kubeflow: "Kubeflow Trainer"
    case .slurm: "Slurm"
    case .torchrun: "torchrun"
    }
  }

  package var version: String? {
    switch self {
    case .torchtitan(let version): version.rawValue
    case .kubeflow(let version): version.rawValue
    case .megatron, .megatronBridge, .deepspeed, .nanotron, .accelerate, .galvatron, .slurm,
      .torchrun:
      nil
    }
  }

  /// Versions that the target can be asked for, oldest first; none where there is one form.
  package var versions: [String] {
    switch self {
    case .torchtitan: TorchtitanVersion.allCases.map(\.rawValue)
    case .kubeflow: KubeflowVersion.allCases.map(\.rawValue)
    case .megatron, .megatronBridge, .deepspeed, .nanotron, .accelerate, .galvatron, .slurm,
      .torchrun:
      []
    }
  }

  package func at(version: String) -> ExportTarget? {
    switch self {
    case .torchtitan: TorchtitanVersion(rawValue: version).map(ExportTarget.torchtitan)
    case .kubeflow: KubeflowVersion(rawValue: version).map(ExportTarget.kubeflow)
    case .megatron, .megatronBridge, .deepspeed, .nanotron, .accelerate, .galvatron, .slurm,
      .torchrun:
      nil
    }
  }

  /// By its name, or what it is also called.
  package init?(named name: String) {
    let canonical =
      switch name.lowercased() {
      case "megatron-lm": "megatron"
      case "nemo": "megatron-bridge"
      case "trainjob", "kubernetes": "kubeflow"
      case "sbatch": "slurm"
      case let name: name
      }
    guard let target = Self.all.first(where: { $0.name == canonical }) else { return nil }
    self = target
  }
}
