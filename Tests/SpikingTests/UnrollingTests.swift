import Layers
import Spiking
import TestSupport
import Testing
import Torch

/// One graph over all steps against one step after the other.
@Suite struct UnrollingTests {
  struct Outcome {
    let result: LossGradients
    let pass: ForwardPass
    let buffers: NamedTensors
  }

  static let labels = Tensor([0, 2, 1, 2] as [Int64])

  static func run(
    _ unrolling: Unrolling, _ temporal: TemporalGradient, encoder: some Encoder,
    dtype: DType = .float64, carryingMembranes: Bool = false
  ) -> Outcome {
    let neuron = LIF(tau: 1.7, threshold: 0.6, temporalGradient: temporal)
    let network = SmallNetwork(neuron: neuron, dtype: dtype)
    let images = Tensor.uniform([4, 2, 6, 5], dtype: dtype, using: Generator(seed: 21))
    var pass = ForwardPass(
      .training, carryingMembranes: carryingMembranes, batchStatistics: .eachStep,
      using: Generator(seed: 5))
    let result = network.lossGradients(
      of: PerStepCrossEntropy(meanSquareWeight: 0.05), on: images, labels: labels,
      encoder: encoder, &pass, unrolling: unrolling)
    return Outcome(result: result, pass: pass, buffers: network.buffers)
  }

  static func expectSame(_ a: Outcome, _ b: Outcome, _ tolerance: Double) {
    expectClose(a.result.loss.item(), b.result.loss.item(), relative: tolerance)
    expectClose(a.result.logits, b.result.logits, relative: tolerance, absolute: tolerance)
    #expect(a.result.gradients.names == b.result.gradients.names)
    for (name, expected) in b.result.gradients {
      let error = (a.result.gradients[name]! - expected).norm().item()
      #expect(expected.norm().item() > 1e-4, "\(name) has no gradient to compare")
      #expect(error <= tolerance * expected.norm().item(), "\(name): off by \(error)")
    }
    for (name, expected) in b.buffers {
      expectClose(a.buffers[name]!, expected, relative: tolerance, absolute: tolerance, name)
    }
    #expect(a.pass.activity.map(\.spikeCount) == b.pass.activity.map(\.spikeCount))
    #expect(a.pass.activity.map(\.opportunities) == b.pass.activity.map(\.opportunities))
    #expect((0.05...0.95).contains(b.pass.spikeRate))
  }

  @Test(arguments: [1, 2, 4, 9], [false, true])
  func `step by step gives the gradient of one graph without paths through membranes`(
    _ steps: Int, _ isRateCoded: Bool
  ) {
    func check(_ encoder: some Encoder) {
      for (dtype, tolerance) in [(DType.float64, 1e-12), (.float32, 2e-5)] {
        let whole = Self.run(.allSteps, .withinStep, encoder: encoder, dtype: dtype)
        let walked = Self.run(.stepByStep, .withinStep, encoder: encoder, dtype: dtype)
        #expect(walked.result.logits.shape == [steps, 4, SmallNetwork.classes])
        Self.expectSame(walked, whole, tolerance)
      }
    }
    if isRateCoded {
      check(PoissonEncoding(steps: steps))
    } else {
      check(DirectEncoding(steps: steps))
    }
  }

  @Test func `it is backpropagation through time at T = 1 and differs beyond`() {
    for unrolling in Unrolling.allCases {
      let one = DirectEncoding(steps: 1)
      Self.expectSame(
        Self.run(unrolling, .withinStep, encoder: one),
        Self.run(unrolling, .throughTime, encoder: one), 0)
    }
    let four = DirectEncoding(steps: 4)
    let through = Self.run(.allSteps, .throughTime, encoder: four).result
    let within = Self.run(.stepByStep, .withinStep, encoder: four).result
    #expect(through.logits.isIdentical(to: within.logits))
    let difference = (through.gradients["second"]! - within.gradients["second"]!).norm().item()
    #expect(difference > 1e-2 * through.gradients["second"]!.norm().item())
    // The linear layer feels time only through its own input.
    expectClose(
      through.gradients["head"]!, within.gradients["head"]!, relative: 1e-10, absolute: 1e-12)
  }

  @Test func `membranes that a pass carries are the same either way, and it keeps no others`() {
    let encoder = DirectEncoding(steps: 3)
    let outcomes = Unrolling.allCases.map {
      Self.run($0, .withinStep, encoder: encoder, carryingMembranes: true)
    }
    for var pass in outcomes.map(\.pass) {
      #expect(pass.carriesMembranes)
      pass.begin()
      #expect(pass.nextMembrane != nil)
    }
    var passes = outcomes.map(\.pass)
    for index in passes.indices { passes[index].begin() }
    #expect(passes[0].nextMembrane!.isIdentical(to: passes[1].nextMembrane!))
    var plain = Self.run(.stepByStep, .withinStep, encoder: encoder).pass
    plain.begin()
    #expect(!plain.carriesMembranes && plain.nextMembrane == nil)
  }

  @Test func `memory does not grow with the number of steps`() async {
    await #expect(processExitsWith: .success) {
      // A layer's 8 × 16 × 48 × 48 float32 values are 1.1 MiB, and a graph holds several a layer and step.
      func peak(_ unrolling: Unrolling, steps: Int) -> Int {
        let network = SmallNetwork(
          neuron: LIF(temporalGradient: .withinStep), channels: 16, dtype: .float32)
        let images = Tensor.uniform([8, 2, 48, 48], using: Generator(seed: 1))
        let labels = Tensor((0..<8).map { Int64($0 % 3) })
        resetPeakMemory()
        for _ in 0..<2 {
          var pass = ForwardPass(.training, batchStatistics: .eachStep)
          _ = network.lossGradients(
            of: PerStepCrossEntropy(), on: images, labels: labels,
            encoder: DirectEncoding(steps: steps), &pass, unrolling: unrolling)
        }
        return peakResidentMemory()
      }
      _ = peak(.stepByStep, steps: 1)
      let short = peak(.stepByStep, steps: 4)
      let long = peak(.stepByStep, steps: 32)
      let whole = peak(.allSteps, steps: 32)
      let megabyte = 1 << 20
      // A single layer's values kept in each of the 28 more steps are 31 MiB.
      #expect(long <= short + 24 * megabyte, "\(long) bytes for 32 steps, \(short) for 4")
      #expect(whole >= long + 150 * megabyte, "one graph took \(whole) bytes, \(long) step by step")
    }
  }

  @Test func `memory does not grow with the number of steps of a rate code either`() async {
    await #expect(processExitsWith: .success) {
      // The input is large and the network narrow: 16 × 2 × 128 × 128 spikes a step are 2 MiB in float32.
      func peak(_ unrolling: Unrolling, steps: Int) -> Int {
        let network = SmallNetwork(
          neuron: LIF(temporalGradient: .withinStep), channels: 1, dtype: .float32)
        let images = Tensor.uniform([16, 2, 128, 128], using: Generator(seed: 1))
        let labels = Tensor((0..<16).map { Int64($0 % 3) })
        resetPeakMemory()
        for _ in 0..<2 {
          var pass = ForwardPass(
            .training, batchStatistics: .eachStep, using: Generator(seed: 2))
          _ = network.lossGradients(
            of: PerStepCrossEntropy(), on: images, labels: labels,
            encoder: PoissonEncoding(steps: steps), &pass, unrolling: unrolling)
        }
        return peakResidentMemory()
      }
      _ = peak(.stepByStep, steps: 1)
      let short = peak(.stepByStep, steps: 4)
      let long = peak(.stepByStep, steps: 32)
      let megabyte = 1 << 20
      // The spikes alone of the 28 more steps are 56 MiB.
      #expect(long <= short + 24 * megabyte, "\(long) bytes for 32 steps, \(short) for 4")
    }
  }

  /// The mean of logits over time, and then one loss.
  struct LossOfTheMean: Objective {
    func callAsFunction(_ logits: Tensor, _ labels: Tensor) -> Tensor {
      logits.mean(along: [0]).crossEntropy(labels)
    }
  }

  private func text(_ result: ExitTest.Result?) throws -> String {
    String(decoding: try #require(result).standardErrorContent, as: UTF8.self)
  }

  @Test func `what cannot be walked step by step traps and says why`() async throws {
    let objective = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) {
      var pass = ForwardPass(.training, batchStatistics: .eachStep)
      _ = SmallNetwork(neuron: LIF(temporalGradient: .withinStep)).lossGradients(
        of: LossOfTheMean(), on: Tensor.zeros([4, 2, 6, 5], dtype: .float64),
        labels: UnrollingTests.labels, encoder: DirectEncoding(steps: 2), &pass,
        unrolling: .stepByStep)
    }
    #expect(try text(objective).contains("is no mean over time steps"))
    let statistics = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) {
      var pass = ForwardPass(.training)
      _ = SmallNetwork(neuron: LIF(temporalGradient: .withinStep)).lossGradients(
        of: PerStepCrossEntropy(), on: Tensor.zeros([4, 2, 6, 5], dtype: .float64),
        labels: UnrollingTests.labels, encoder: DirectEncoding(steps: 2), &pass,
        unrolling: .stepByStep)
    }
    #expect(try text(statistics).contains("use BatchStatistics.eachStep"))
    let temporal = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) {
      _ = UnrollingTests.run(.stepByStep, .throughTime, encoder: DirectEncoding(steps: 2))
    }
    #expect(try text(temporal).contains("use TemporalGradient.withinStep"))
  }
}
