import Hardware

/// A TrainJob of Kubeflow Trainer (`trainer.kubeflow.org/v1alpha1`), and a merge patch that gives an
/// existing one the plan's size and arguments.
extension PlannedJob {
  func kubeflowExport(
    _ version: ExportTarget.KubeflowVersion, _ notes: inout ExportNotes
  ) -> Export? {
    guard let program = trainingProgram(&notes) else { return nil }
    let sized = kubeflowTrainer([:], program, &notes)
    let patch: ConfigValue = ["spec": ["trainer": sized]]
    let started: ConfigValue = [
      "image": "IMAGE", "command": .texts(["torchrun", program.script]),
    ]
    var spec: ConfigValue = [
      "runtimeRef": ["name": "torch-distributed"],
      "trainer": kubeflowTrainer(started, program, &notes),
    ]
    if let need = topologyNeed(program.layout) {
      let annotations = kueueAnnotations(need, program.layout, &notes)
      switch version {
      case .templateOverrides: spec["podTemplateOverrides"] = Self.overrides(annotations)
      case .runtimePatches: spec["runtimePatches"] = Self.patches(annotations)
      }
    }
    let document: ConfigValue = [
      "apiVersion": "trainer.kubeflow.org/v1alpha1",
      "kind": "TrainJob",
      "metadata": ["name": .text(kubernetesName)],
      "spec": spec,
    ]
    notes.warn(
      Field.model,
      "spec.trainer.image is yours to name, and spec.runtimeRef the cluster's training runtime")
    return Export(
      .kubeflow(version),
      files: [
        ExportedFile("trainjob.yaml", "application/yaml", document.yaml),
        ExportedFile("trainjob-patch.yaml", "application/yaml", patch.yaml),
      ], arguments: program.arguments, environment: program.environment)
  }

  private func kubeflowTrainer(
    _ started: ConfigValue, _ program: TrainingProgram, _ notes: inout ExportNotes
  ) -> ConfigValue {
    let gpus: ConfigValue = .table([
      .init(name: gpuResource(&notes), value: .integer(program.layout.processesPerNode))
    ])
    var trainer = started
    trainer["numNodes"] = .integer(program.layout.nodes)
    trainer["numProcPerNode"] = .integer(program.layout.processesPerNode)
    trainer["resourcesPerNode"] = ["requests": gpus, "limits": gpus]
    if !program.environment.isEmpty {
      trainer["env"] = .list(
        program.environment.map { ["name": .text($0.name), "value": .text($0.value)] })
    }
    if !program.arguments.isEmpty { trainer["args"] = .texts(program.arguments) }
    return trainer
  }

  /// As the vendor's device plugin names it.
  private func gpuResource(_ notes: inout ExportNotes) -> String {
    let vendors = Set(pools.map { $0.accelerator.vendor.lowercased() })
    switch vendors.count == 1 ? vendors.first : nil {
    case "nvidia": return "nvidia.com/gpu"
    case "amd": return "amd.com/gpu"
    case "intel": return "habana.ai/gaudi"
    case "google": return "google.com/tpu"
    case "huawei": return "huawei.com/Ascend910"
    default:
      notes.warn(Field.stages, "devices: put the name of your device plugin's resource in place")
      return "nvidia.com/gpu"
    }
  }

  /// Topology-aware scheduling keeps the nodes of each group in one domain.
  private func kueueAnnotations(
    _ need: TopologyNeed, _ layout: RankLayout, _ notes: inout ExportNotes
  ) -> ConfigValue {
    // The label of NVIDIA's GPU feature discovery: nodes with one value share an NVLink fabric.
    let level = "nvidia.com/gpu.clique"
    notes.warn(
      Field.stages,
      "devices: the annotations ask Kueue for nodes of one \(level); its Topology must have that "
        + "level, or put yours in place")
    if need.nodesTogether == layout.nodes {
      return ["kueue.x-k8s.io/podset-required-topology": .text(level)]
    }
    return [
      "kueue.x-k8s.io/podset-slice-required-topology": .text(level),
      "kueue.x-k8s.io/podset-slice-size": .text(String(need.nodesTogether)),
    ]
  }

  private static func overrides(_ annotations: ConfigValue) -> ConfigValue {
    [["targetJobs": [["name": "node"]], "metadata": ["annotations": annotations]]]
  }

  private static func patches(_ annotations: ConfigValue) -> ConfigValue {
    let pod: ConfigValue = ["template": ["metadata": ["annotations": annotations]]]
    let job: ConfigValue = ["name": "node", "template": ["spec": pod]]
    return [
      [
        "manager": "stagewright",
        "trainingRuntimeSpec": ["template": ["spec": ["replicatedJobs": [job]]]],
      ]
    ]
  }

  /// A DNS label made of the model's name.
  private var kubernetesName: String {
    let letters = graph.name.lowercased().unicodeScalars.map { scalar -> Character in
      switch scalar {
      case "a"..."z", "0"..."9": Character(scalar)
      default: "-"
      }
    }
    let words = String(letters).split(separator: "-").joined(separator: "-")
    let label = words.prefix(50).reversed().drop { $0 == "-" }.reversed()
    return label.isEmpty ? "training" : "train-" + String(label)
  }
}
