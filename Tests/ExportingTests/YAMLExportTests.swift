import Costing
import Planning
import Scheduling
import Testing
import Yams

@testable import Exporting

/// Of a YAML text, one value by its path.
private func value(_ root: Node, _ path: String...) -> Node? {
  path.reduce(Optional(root)) { node, name in
    node.flatMap { node in Int(name).flatMap { node.sequence?[$0] } ?? node[name] }
  }
}

private func root(_ export: Export, file: Int = 0) throws -> Node {
  try #require(try Yams.compose(yaml: export.files[file].text))
}

@Suite struct YAMLExportTests {
  @Test(arguments: 0..<200)
  func nanotronRoundTrips(seed: Int) throws {
    let job = PlannedJob.random(seed: seed)
    guard let export = try? job.export(to: .nanotron) else { return }
    let yaml = try root(export)
    let (strategy, parallelism) = (job.strategy, try #require(yaml["parallelism"]))
    #expect(parallelism["pp"]?.int == strategy.pipeline)
    #expect(parallelism["tp"]?.int == strategy.tensor)
    #expect(parallelism["expert_parallel_size"]?.int == strategy.expert)
    #expect(parallelism["dp"]!.int! * parallelism["expert_parallel_size"]!.int! == strategy.data)
    #expect(parallelism["context_parallel_size"]?.int ?? 1 == strategy.context)
    #expect((parallelism["tp_mode"]?.string == "REDUCE_SCATTER") == strategy.sequenceParallel)
    #expect(value(yaml, "tokens", "micro_batch_size")?.int == strategy.microBatchSize)
    #expect(value(yaml, "tokens", "batch_accumulation_per_replica")?.int == strategy.microBatches)
    #expect(value(yaml, "optimizer", "zero_stage")?.int == strategy.zeroStage.rawValue)
  }

  @Test func nanotronSaysWhereItCuts() throws {
    // Of 8 equal layers and a head of 15.6 layers' multiplications, the first stage takes all.
    let job = PlannedJob.made(
      Decoder(layers: 8).model, ParallelStrategy(pipeline: 2, microBatches: 2),
      boundaries: [0, 5, 11])
    let export = try job.export(to: .nanotron)
    let warning = try #require(export.warnings.first { $0.field == "/plan/stages" })
    #expect(warning.detail.contains("instead of 0, 5"))
  }

  @Test(arguments: 0..<200)
  func accelerateRoundTrips(seed: Int) throws {
    let job = PlannedJob.random(seed: seed)
    guard let export = try? job.export(to: .accelerate) else { return }
    let yaml = try root(export)
    let strategy = job.strategy
    #expect(strategy.pipeline == 1 && strategy.expert == 1)
    #expect(yaml["num_processes"]?.int == strategy.gpus)
    let degree = { (name: String) in
      value(yaml, "parallelism_config", "parallelism_config_" + name)?.int
    }
    guard yaml["parallelism_config"] != nil else {
      #expect(strategy.gpus == strategy.data)
      return
    }
    #expect(degree("tp_size") == strategy.tensor && degree("cp_size") == strategy.context)
    #expect(degree("dp_replicate_size")! * degree("dp_shard_size")! == strategy.data)
    #expect(yaml["distributed_type"]?.string == "FSDP")
    #expect(value(yaml, "fsdp_config", "fsdp_version")?.int == 2)
  }

  /// Overrides that are words and those that are a file say the same.
  @Test(arguments: 0..<200)
  func bridgeRoundTrips(seed: Int) throws {
    let job = PlannedJob.random(seed: seed)
    guard let export = try? job.export(to: .megatronBridge) else { return }
    let yaml = try root(export)
    #expect(value(yaml, "model", "tensor_model_parallel_size")?.int == job.strategy.tensor)
    #expect(value(yaml, "model", "pipeline_model_parallel_size")?.int == job.strategy.pipeline)
    #expect(value(yaml, "train", "global_batch_size")?.int == job.job.globalBatchSize)
    let megatron = try MegatronArguments(job.export(to: .megatron).arguments)
    let layout = value(yaml, "model", "pipeline_model_parallel_layout")
    let given = layout?.tag == Tag(.null) ? nil : layout?.string
    #expect(given == megatron?.options["--pipeline-model-parallel-layout"]?.first)
    for argument in export.arguments {
      let path = argument.prefix { $0 != "=" }.split(separator: ".").map(String.init)
      let node = path.reduce(Optional(yaml)) { $0?[$1] }
      let text = argument.drop { $0 != "=" }.dropFirst().filter { $0 != "'" }
      if node?.scalar != nil { #expect(node?.scalar?.string == text, "\(argument)") }
    }
  }
}

@Suite struct LauncherExportTests {
  private let strategy = ParallelStrategy(
    pipeline: 2, tensor: 4, data: 4, microBatches: 4, sequenceParallel: true)

  @Test func writesATrainJob() throws {
    let job = PlannedJob.made(Decoder(layers: 8).model, strategy, pool: .example(nodes: 4))
    let export = try job.export(to: .kubeflow(.runtimePatches))
    let yaml = try root(export)
    #expect(yaml["apiVersion"]?.string == "trainer.kubeflow.org/v1alpha1")
    #expect(yaml["kind"]?.string == "TrainJob")
    #expect(value(yaml, "metadata", "name")?.string == "train-decoder-1-5")
    let trainer = try #require(value(yaml, "spec", "trainer"))
    #expect(trainer["numNodes"]?.int == 4 && trainer["numProcPerNode"]?.int == 8)
    #expect(value(trainer, "resourcesPerNode", "limits", "nvidia.com/gpu")?.int == 8)
    let arguments = trainer["args"]!.sequence!.map { $0.string! }
    #expect(try arguments == job.export(to: .megatron).arguments)
    // Kubernetes takes arguments as strings only.
    #expect(trainer["args"]!.sequence!.allSatisfy { $0.tag == Tag(.str) })
    #expect(value(yaml, "spec", "runtimePatches") == nil)
    let patch = try root(export, file: 1)
    #expect(value(patch, "spec", "trainer", "args") == trainer["args"])
    #expect(value(patch, "spec", "trainer", "image") == nil)
  }

  /// Sixteen GPUs that must talk over NVLink, on nodes of four: four nodes of one clique.
  @Test func asksForAScaleUpDomain() throws {
    let wide = ParallelStrategy(tensor: 16, data: 2, sequenceParallel: true)
    let job = PlannedJob.made(
      Decoder(layers: 8, heads: 16, groups: 16).model, wide, pool: .example("gb200", nodes: 16))
    let slices = [
      "kueue.x-k8s.io/podset-slice-required-topology": "nvidia.com/gpu.clique",
      "kueue.x-k8s.io/podset-slice-size": "4",
    ]
    let new = try root(job.export(to: .kubeflow(.runtimePatches)))
    let patched = value(
      new, "spec", "runtimePatches", "0", "trainingRuntimeSpec", "template", "spec",
      "replicatedJobs", "0", "template", "spec", "template", "metadata", "annotations")
    let old = try root(job.export(to: .kubeflow(.templateOverrides)))
    let overridden = value(
      old, "spec", "podTemplateOverrides", "0", "metadata", "annotations")
    for (name, text) in slices {
      #expect(patched?[name]?.scalar?.string == text)
      #expect(overridden?[name]?.scalar?.string == text)
      #expect(patched?[name]?.tag == Tag(.str))
    }
    let slurm = try job.export(to: .slurm)
    #expect(slurm.files[0].text.contains("#SBATCH --segment=4\n"))
    let half = PlannedJob.made(
      Decoder(layers: 8, heads: 16, groups: 16).model, ParallelStrategy(tensor: 16),
      pool: .example("gb200", nodes: 16))
    let whole = try root(half.export(to: .kubeflow(.runtimePatches)))
    let text = try Yams.serialize(node: whole)
    #expect(text.contains("podset-required-topology: nvidia.com/gpu.clique"))
  }

  @Test func writesASlurmScript() throws {
    let job = PlannedJob.made(Decoder(layers: 8).model, strategy, pool: .example(nodes: 4))
    let text = try job.export(to: .slurm).files[0].text
    #expect(text.hasPrefix("#!/bin/bash\n#SBATCH --nodes=4\n#SBATCH --ntasks-per-node=1\n"))
    #expect(text.contains("#SBATCH --gpus-per-node=8\n"))
    #expect(text.contains("export CUDA_DEVICE_MAX_CONNECTIONS=1\n"))
    #expect(text.contains("--tensor-model-parallel-size 4 \\\n"))
  }

  @Test func writesATorchrunLine() throws {
    let one = PlannedJob.made(
      Decoder(layers: 8).model, ParallelStrategy(tensor: 2, data: 4, sequenceParallel: true),
      pool: .example(nodes: 1))
    let line = try one.export(to: .torchrun).files[0].text
    #expect(line.contains("torchrun --standalone --nproc-per-node=8 pretrain_gpt.py \\\n"))
    let four = PlannedJob.made(Decoder(layers: 8).model, strategy, pool: .example(nodes: 4))
    let lines = try four.export(to: .torchrun).files[0].text
    #expect(lines.contains("--nnodes=4 --node-rank=\"$NODE_RANK\" --nproc-per-node=8"))
  }

  @Test func spreadsAnUnevenPlacementOrSaysNo() throws {
    let model = Decoder(layers: 8).model
    let twelve = PlannedJob.made(
      model, ParallelStrategy(data: 12), pool: .example(nodes: 2))
    let text = try twelve.export(to: .torchrun)
    #expect(text.files[0].text.contains("--nnodes=2") && text.files[0].text.contains("node=6"))
    #expect(text.warnings.contains { $0.field == "/plan/stages" })
    let eleven = PlannedJob.made(model, ParallelStrategy(data: 11), pool: .example(nodes: 2))
    let refusal = #expect(throws: ExportRefusal.self) { try eleven.export(to: .slurm) }
    #expect(refusal?.reasons.map(\.field) == ["/plan/strategy/data_parallel"])
  }

  /// What a user's own graph has no layers for is left out, not guessed.
  @Test func exportsAGraphOfOnesOwn() throws {
    var job = PlannedJob.made(Decoder(layers: 8).model, ParallelStrategy(data: 8))
    job.model = nil
    for kind in job.graph.kinds.indices { job.graph.kinds[kind].kind = .custom }
    for target in [ExportTarget.megatron, .torchtitan(.moduleNames)] {
      let refusal = #expect(throws: ExportRefusal.self) { try job.export(to: target) }
      #expect(refusal?.reasons.map(\.field) == ["/model"])
    }
    let slurm = try job.export(to: .slurm)
    #expect(slurm.files[0].text.contains("train.py") && slurm.arguments.isEmpty)
    #expect(slurm.warnings.contains { $0.field == "/model" })
    #expect(try job.export(to: .deepspeed).files.count == 1)
  }
}

@Suite struct ExportTests {
  /// Every plan has an export, or reasons why not; the same plan the same bytes.
  @Test(arguments: 0..<100)
  func everyTargetAnswers(seed: Int) {
    let job = PlannedJob.random(seed: seed)
    for target in ExportTarget.allWithVersions {
      let first = Result { () throws(ExportRefusal) in try job.export(to: target) }
      let second = Result { () throws(ExportRefusal) in try job.export(to: target) }
      #expect(first == second)
      switch first {
      case .success(let export):
        #expect(!export.files.isEmpty && export.files.allSatisfy { $0.text.hasSuffix("\n") })
        for warning in export.warnings { expectPointer(warning) }
      case .failure(let refusal):
        for reason in refusal.reasons { expectPointer(reason) }
      }
    }
  }

  private func expectPointer(_ note: ExportNote) {
    let known = note.field.wholeMatch(
      of: /\/(model|training\/[a-z_]+|plan\/stages(\/\d+\/[a-z_]+)?|plan\/strategy\/[a-z_]+)/)
    #expect(known != nil, "\(note.field)")
    #expect(!note.detail.isEmpty)
  }

  @Test func targetsAreKnownByName() {
    for target in ExportTarget.all {
      #expect(ExportTarget(named: target.name) == target)
      if let version = target.version { #expect(target.at(version: version) == target) }
    }
    #expect(ExportTarget(named: "Megatron-LM") == .megatron)
    #expect(ExportTarget(named: "nemo") == .megatronBridge)
    #expect(ExportTarget(named: "megatro") == nil)
    #expect(ExportTarget.megatron.at(version: "1") == nil)
    #expect(ExportTarget.torchtitan(.moduleNames).at(version: "0.1") == .torchtitan(.splitPoints))
  }

  @Test(arguments: [
    ("plain", "plain"), ("a b", "'a b'"), ("it's", "'it'\\''s'"), ("", "''"),
    ("Et*3|L", "'Et*3|L'"), ("--x=1", "--x=1"),
  ])
  func quotesForTheShell(word: String, quoted: String) {
    #expect(ShellWord.quoted(word) == quoted)
  }
}
