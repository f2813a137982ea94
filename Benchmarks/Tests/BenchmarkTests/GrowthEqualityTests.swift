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

  private func equality(
    _ run: GrowthRun, _ values: [Double], float32 other: [Double]? = nil
  ) -> GrowthEquality {
    func results(_ values: [Double]) -> NamedTensors {
      ["logits": Tensor(values).reshaped([-1, 2]), "grad.w": Tensor(values)]
    }
    return GrowthEquality(
      run: run, batchSize: 16, float64: results(values), float32: results(other ?? values))
  }

  @Test(arguments: GrowthRun.allCases)
  func `results that differ in either precision, and what was timed, are refused`(run: GrowthRun)
    throws
  {
    let ours = equality(run, [1, 2, 4, 3])
    let answer = WorkerAnswer(losses: [2.3], correct: 8)
    #expect(try ours.agreements(with: ours, first: (answer, answer)).count == 3)
    // Nothing is held against a peer where our first run failed.
    #expect(try ours.agreements(with: ours, first: (nil, answer)).count == 2)
    let others = [
      equality(run, [1, 2, 4, 3.001], float32: [1, 2, 4, 3]),
      // Other classes; gradients other by more than rounding where logits say that no spike differs.
      run == .evaluate
        ? equality(run, [1, 2, 4, 3], float32: [1, 2, 3, 4])
        : GrowthEquality(
          run: run, batchSize: 16, float64: ours.float64,
          float32: ["logits": ours.float32["logits"]!, "grad.w": Tensor([1, 2, 4, 3.2])]),
      equality(run, [1, 2, 4, .nan], float32: [1, 2, 4, 3]),
    ]
    for other in others {
      #expect(throws: Disagreement.self) {
        try ours.agreements(with: other, first: (answer, answer))
      }
    }
    #expect(throws: Disagreement.self) {
      try ours.agreements(with: ours, first: (answer, WorkerAnswer(losses: [2.6], correct: 5)))
    }
  }

  @Test
  func `where a spike differs gradients in float32 are not compared, and no number is refused`()
    throws
  {
    let ours = equality(.step, [1, 2, 4, 3])
    func theirs(_ logits: [Double]) -> GrowthEquality {
      GrowthEquality(
        run: .step, batchSize: 16, float64: ours.float64,
        float32: ["logits": Tensor(logits).reshaped([2, 2]), "grad.w": Tensor([9, 9, 9, 9.0])])
    }
    let agreements = try ours.agreements(with: theirs([1, 2, 4, 3.5]), first: (nil, nil))
    #expect(agreements.map(\.tolerance) == [1e-9, .infinity])
    #expect(throws: Disagreement.self) {
      try ours.agreements(with: theirs([1, 2, 4, .nan]), first: (nil, nil))
    }
  }

  @Test func `refused memory is told from other failures`() {
    func outcome(_ reason: String) -> GrowthOutcome {
      GrowthProbe.outcome(of: WorkerFailure(name: "peer", reason: reason))
    }
    let texts = [
      "RuntimeError: [enforce fail] DefaultCPUAllocator: can't allocate memory: you tried",
      "std::bad_alloc", "MemoryError: ", "out of memory in aten::conv2d",
      "RuntimeError: could not create a memory object",
    ]
    for text in texts {
      guard case .doesNotFit = outcome(text) else {
        Issue.record("\(text)")
        continue
      }
    }
    guard case .failed = outcome("ValueError: weights do not fit vgg11") else {
      Issue.record("another failure")
      return
    }
  }
}
