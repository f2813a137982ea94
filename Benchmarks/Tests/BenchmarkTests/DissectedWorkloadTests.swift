import Layers
import Models
import Spiking
import Testing
import Torch

@testable import spikeguard_bench

@Suite struct DissectedWorkloadTests {
  private func setting(
    _ depth: VGGConfiguration.Depth, size: Int, batch: Int, steps: Int
  ) -> StepSetting {
    var setting = StepSetting(depth, width: 0.125, channels: 3, size: size, batchSize: batch)
    setting.steps = steps
    return setting
  }

  @Test(arguments: [VGGConfiguration.Depth.vgg5, .vgg11], [1, 3])
  func `a training step taken apart has the gradients of the whole`(
    depth: VGGConfiguration.Depth, steps: Int
  ) throws {
    let apart = try DissectedWorkload(
      .training, setting(depth, size: depth == .vgg5 ? 28 : 32, batch: 3, steps: steps))
    let gradients = try apart.walkBackward(apart.walkForward().links).ofParameters

    var pass = ForwardPass(.training)
    let network = apart.network
    let whole = network.lossGradients(
      of: PerStepCrossEntropy(), on: apart.images, labels: apart.labels, encoder: apart.encoder,
      &pass)
    #expect(gradients.count == network.parameters.count)
    for ((name, expected), found) in zip(whole.gradients, gradients) {
      #expect(found.shape == expected.shape, "\(name)")
      #expect(found.largestDifference(from: expected) <= 1e-6 * max(1, expected.largestMagnitude))
    }
    #expect(whole.gradients.contains { $0.tensor.largestMagnitude > 1e-4 })
  }

  @Test(arguments: [Workload.training, .attackGradient])
  func `gradients taken apart that are not the whole's are refused`(workload: Workload) throws {
    let apart = try DissectedWorkload(workload, setting(.vgg5, size: 28, batch: 3, steps: 2))
    let right = try apart.walkBackward(apart.walkForward().links)
    try apart.checkGradients(right)
    // One parameter's, or the images', 1 % too large.
    var wrong = right
    if workload == .training {
      let largest = wrong.ofParameters.indices.max {
        wrong.ofParameters[$0].largestMagnitude < wrong.ofParameters[$1].largestMagnitude
      }!
      wrong.ofParameters[largest] = wrong.ofParameters[largest] * 1.01
    } else {
      wrong.ofImages = wrong.ofImages * 1.01
    }
    #expect(throws: Disagreement.self) { try apart.checkGradients(wrong) }
  }

  @Test(arguments: Workload.allCases)
  func `every operation is timed once a round and no bound is zero`(workload: Workload) throws {
    let ceilings = Ceilings(
      threads: 1,
      arithmetic: [.init(name: "", shape: "", threads: 1, operationsPerSecond: 1e12)],
      traffic: [.init(kind: .copy, bytes: 1, threads: 1, bytesPerSecond: 1e12)])
    let analysis = try DissectedWorkload(workload, setting(.vgg5, size: 28, batch: 2, steps: 2))
      .measure(rounds: 3, against: ceilings)
    #expect(analysis.whole.seconds.count == 3)
    #expect(analysis.rows.allSatisfy { $0.samples.seconds.count == 3 && $0.bound > 0 })
    #expect(Set(analysis.rows.map(\.name)).count == analysis.rows.count)
    // Three convolutions, three layers of neurons with batch norm and pool, the head, linear map, loss.
    let forward = analysis.rows.filter { $0.direction == "forward" }.count
    #expect(forward == 9)
    let backward = analysis.rows.count - forward
    // Weights: 3 + 1, inputs: 2 + 1 (the images need none), 5 others, test and update.
    let expected: [Workload: Int] = [
      .training: 4 + 3 + 5 + 2, .evaluation: 0, .attackGradient: 9,
    ]
    #expect(backward == expected[workload])
    #expect(analysis.spikeRate > 0.01)
  }
}
