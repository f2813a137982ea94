import ArgumentParser
import Layers
import Models
import Spiking
import Testing
import Torch

@testable import spikeguard_bench

/// That an agreement of evaluations says something.
@Suite struct GrowthEqualityTests {
  @Test func `logits that are the same for every image are no ground for comparison`() throws {
    let row = Tensor([0.5, -1.0, 2.0])
    #expect(throws: NothingToCompare.self) {
      try GrowthEquality.checkSpikes(row.expanded(to: [4, 3]))
    }
    try GrowthEquality.checkSpikes(Tensor.stacking([row, row, row * 1.01]))
    // Of one image nothing can be said.
    try GrowthEquality.checkSpikes(row.expanded(to: [1, 3]))
  }

  @Test func `an evaluation's weights and images let the last layer spike`() throws {
    var setting = StepSetting(.vgg11, width: 0.125, channels: 3, size: 32, batchSize: 3)
    setting.steps = 2
    let sides = try GrowthRun.evaluate.sides(setting, Options.parse([]))
    let network = try setting.network()
    try network.load(Safetensors.read(from: sides.path("weights.safetensors")).tensors)
    let images = try Safetensors.read(from: sides.path("batch.safetensors")).tensors["images"]!
    try GrowthEquality.checkSpikes(withoutGradients { network.classifier(setting.encoder)(images) })
  }
}
