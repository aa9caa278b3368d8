/// A batch script for Slurm: one task a node, which starts the node's processes.
extension PlannedJob {
  func slurmExport(_ notes: inout ExportNotes) -> Export? {
    guard let program = trainingProgram(&notes) else { return nil }
    let layout = program.layout
    var header = [
      "#!/bin/bash", "#SBATCH --nodes=\(layout.nodes)", "#SBATCH --ntasks-per-node=1",
      "#SBATCH --gpus-per-node=\(layout.processesPerNode)",
    ]
    if let need = topologyNeed(layout) {
      header.append("#SBATCH --segment=\(need.nodesTogether)")
      notes.warn(
        Field.stages,
        "devices: --segment keeps every \(need.nodesTogether) nodes in one block of Slurm's "
          + "topology/block, which must be the scale-up domain")
    }
    if layout.nodes > 1 {
      notes.warn(
        Field.stages,
        "devices: Slurm chooses the nodes and numbers them by its own order; --nodelist and "
          + "--distribution can hold it to the plan's")
    }
    var body = program.environment.map { "export \($0.name)=\(ShellWord.quoted($0.value))" }
    body += [
      "export MASTER_ADDR=$(scontrol show hostnames \"$SLURM_JOB_NODELIST\" | head -n 1)",
      "export MASTER_PORT=${MASTER_PORT:-29500}",
    ]
    let launcher =
      "srun --kill-on-bad-exit=1 bash -c 'exec torchrun --nnodes=\"$SLURM_NNODES\" "
      + "--node-rank=\"$SLURM_NODEID\" --nproc-per-node=\(layout.processesPerNode) "
      + "--master-addr=\"$MASTER_ADDR\" --master-port=\"$MASTER_PORT\" \"$@\"' torchrun "
      + program.script
    let command = ([launcher] + ShellWord.lines(program.arguments)).joined(separator: " \\\n  ")
    let text = (header + [""] + body + ["", command]).joined(separator: "\n")
    return Export(
      .slurm, files: [ExportedFile("train.sbatch", "text/x-shellscript", text + "\n")],
      arguments: program.arguments, environment: program.environment)
  }
}
