import Quantities
import Testing

@testable import Hardware

@Suite struct MachineTypeTests {
  private let catalogue = AcceleratorCatalogue.standard

  @Test func everyMachineHasKnownGPUsAndANameOfItsOwn() {
    for machine in MachineType.known {
      #expect(catalogue.ids.contains(machine.accelerator), "\(machine.name)")
      #expect(MachineType.named(machine.name) == machine)
      #expect(MachineType.named(machine.name.uppercased()) == machine)
      #expect(catalogue.entry(named: machine.name) == nil, "\(machine.name) is a GPU's name too")
    }
  }

  @Test(arguments: [
    ("Standard_ND96isr_H100_v5", "ND96isr_H100_v5"), ("ml.p4d.24xlarge", "p4d.24xlarge"),
    ("bm.gpu.h100.8", "BM.GPU.H100.8"), ("A3-HighGPU-8G", "a3-highgpu-8g"),
  ])
  func isFoundByTheNamesThatServicesUse(name: String, known: String) {
    #expect(MachineType.named(name)?.name == known)
  }

  @Test(arguments: ["", "p5", "h100", "standard-", "m5.large"])
  func othersAreNotKnown(name: String) {
    #expect(MachineType.named(name) == nil)
  }

  @Test func networksAreShared() throws {
    let machine = try #require(MachineType.named("p4d.24xlarge"))
    let a100 = try #require(catalogue.accelerator(named: machine.accelerator))
    let pool = try Pool.make(accelerator: a100, machine: machine, nodes: 4)
    #expect(pool.name == "p4d.24xlarge" && pool.gpusPerNode == 8)
    #expect(pool.levels.last?.bandwidth == .gigabits(50))
    // Whoever is left has no more than before.
    let partial = try Pool.make(accelerator: a100, machine: machine, gpusPerNode: 6, nodes: 4)
    #expect(partial.levels.last?.bandwidth == .gigabits(50))
    // What a caller says stands.
    let given = try Pool.make(
      accelerator: a100, machine: machine, nodes: 4,
      interNode: LinkOverride(bandwidth: .gigabits(800)))
    #expect(given.levels.last?.bandwidth == .gigabits(100))
  }

  @Test func machinesOfARackShareItsDomain() throws {
    let machine = try #require(MachineType.named("a4x-highgpu-4g"))
    let gb200 = try #require(catalogue.accelerator(named: machine.accelerator))
    let pool = try Pool.make(accelerator: gb200, machine: machine, nodes: 36)
    #expect(pool.levels.map(\.span) == [72, 144])
    #expect(pool.levels.last?.bandwidth == .gigabits(400))
  }
}
