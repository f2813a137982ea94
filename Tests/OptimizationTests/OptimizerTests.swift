import Testing
import Torch

@testable import Optimization

@Suite struct OptimizerTests {
  /// torch.optim.SGD in scalars: dampening 0, nesterov false.
  struct ScalarSGD {
    var parameter: Double
    var buffer: Double?

    mutating func step(_ gradient: Double, rate: Double, momentum: Double, decay: Double) {
      let decayed = gradient + decay * parameter
      buffer = buffer.map { momentum * $0 + decayed } ?? decayed
      parameter -= rate * buffer!
    }
  }

  @Test func decayMomentumAndRateInThisOrderAreSGD() {
    let schedule = Schedule.cosine(from: 0.1, over: 10)
    var optimizer = Optimizer {
      WeightDecay(0.05)
      Momentum(0.9)
      LearningRate(schedule)
    }
    let start = Matrices.noise([3, 5], seed: 1, dtype: .float64)
    let parameters: NamedTensors = ["w": start.copied(), "b": start.copied() * 2]
    var scalars: [String: [ScalarSGD]] = [:]
    for (name, tensor) in parameters {
      scalars[name] = tensor.scalars(of: Double.self).map { ScalarSGD(parameter: $0) }
    }
    for step in 0..<10 {
      let gradients: NamedTensors = [
        "b": Matrices.noise([3, 5], seed: UInt64(20 + step), dtype: .float64),
        "w": Matrices.noise([3, 5], seed: UInt64(40 + step), dtype: .float64),
      ]
      optimizer.update(parameters, with: gradients, step: step)
      for (name, gradient) in gradients {
        for (index, value) in gradient.scalars(of: Double.self).enumerated() {
          scalars[name]![index].step(value, rate: schedule(step), momentum: 0.9, decay: 0.05)
        }
      }
    }
    for (name, parameter) in parameters {
      for (found, expected) in zip(parameter.scalars(of: Double.self), scalars[name]!) {
        #expect(abs(found - expected.parameter) < 1e-14)
      }
    }
  }

  @Test func theOrderOfTheChainIsItsMeaning() {
    // Rate before momentum weighs old gradients by old rates: differs as soon as the rate changes.
    func train(_ chain: [any GradientTransform]) -> Double {
      var optimizer = Optimizer(chain)
      let parameters: NamedTensors = ["w": Tensor([1.0])]
      for step in 0..<2 { optimizer.update(parameters, with: ["w": Tensor([1.0])], step: step) }
      return parameters["w"]!.item()
    }
    let rate = LearningRate(.cosine(from: 1, over: 2))  // 1, then 0.5
    #expect(train([Momentum(0.5), rate]) == 1 - 1 - 0.75)
    #expect(train([rate, Momentum(0.5)]) == 1 - 1 - 1.0)
  }

  @Test func aRateAtTheEndEqualsTheSameRateAsAnOrdinaryLink() {
    // The last rate is applied in the subtraction; an empty-handed link after it makes it ordinary.
    let gradient = Matrices.noise([4, 4], seed: 3, dtype: .float64)
    let results = [[LearningRate(0.1)], [LearningRate(0.1), WeightDecay(0)]].map {
      (chain: [any GradientTransform]) -> Tensor in
      var optimizer = Optimizer(chain)
      let parameters: NamedTensors = ["w": Tensor.ones([4, 4], dtype: .float64)]
      optimizer.update(parameters, with: ["w": gradient], step: 0)
      return parameters["w"]!
    }
    #expect(relativeError(results[0], results[1]) < 1e-15)
  }

  @Test func parametersThatRecordAreUpdatedInTheirOwnMemoryAndUnrecorded() {
    let leaf = Tensor([1.0, 2.0]).requiringGradient()
    let untouched = Tensor([5.0])
    let gradient = Tensor([1.0, 1.0])
    var optimizer = Optimizer { LearningRate(0.5) }
    optimizer.update(["w": leaf, "other": untouched], with: ["w": gradient], step: 0)
    #expect(leaf.scalars(of: Double.self) == [0.5, 1.5])
    #expect(gradient.scalars(of: Double.self) == [1, 1])
    #expect(untouched.item() == 5)
    #expect(leaf.requiresGradient)
    // Still a leaf: its gradient can be taken.
    #expect(leaf.squared().sum().gradients(of: [leaf])[0].scalars(of: Double.self) == [1, 3])
  }

  @Test func theChainPrintsInItsOrder() {
    let deflates = true
    let optimizer = Optimizer {
      if deflates { DominantSingularDeflation() }
      WeightDecay(5e-4)
      Momentum(0.9)
      LearningRate(.cosine(from: 0.1, over: 30))
    }
    #expect(
      "\(optimizer)"
        == "DominantSingularDeflation → WeightDecay(0.0005) → Momentum(0.9) → "
        + "LearningRate(cosine from 0.1 to 0.0 over 30)")
    #expect("\(Optimizer {})" == "subtract")
    #expect(
      "\(DominantSingularDeflation(solver: .svd, singleVectors: .asReleased))"
        == "DominantSingularDeflation(solver: FullDecomposition, single vectors as released)")
  }

  @Test func aTransformOfTheChainCanBeAskedForItsReport() {
    var optimizer = Optimizer {
      DominantSingularDeflation()
      LearningRate(1)
    }
    let parameters: NamedTensors = ["w": Tensor.zeros([2, 2])]
    optimizer.update(
      parameters, with: ["w": Tensor([2, 0, 0, 1].map(Float.init), shape: [2, 2])], step: 0)
    #expect(optimizer.first(DominantSingularDeflation.self)?.report.deflated == 1)
    #expect(optimizer.first(Momentum.self)?.factor == nil)
    // The parameters have moved against the deflated gradient, which is diag(0, 1).
    #expect(
      (parameters["w"]! + Tensor([0, 0, 0, 1].map(Float.init), shape: [2, 2])).norm().item() < 1e-6)
  }

  @Test func stateIsFiledByTransformAndParameterAndRepeatedTransformsStayApart() {
    var optimizer = Optimizer {
      Momentum(0.5)
      Momentum(0.25)
    }
    let parameters: NamedTensors = ["layer.0.weight": Tensor([0.0])]
    let gradients: NamedTensors = ["layer.0.weight": Tensor([1.0])]
    for step in 0..<2 { optimizer.update(parameters, with: gradients, step: step) }
    #expect(optimizer.state.names == ["momentum.layer.0.weight", "momentum2.layer.0.weight"])
    #expect(optimizer.state.tensors.map { $0.item() } == [1.5, 1.75])
    #expect(optimizer.strangers(in: ["momentum.w": Tensor([0.0])]).isEmpty)
    #expect(
      optimizer.strangers(in: ["adam.w": Tensor([0.0]), "momentum3.w": Tensor([0.0])])
        == ["adam.w", "momentum3.w"])
  }

  @Test func copiesOfAnOptimizerDoNotFeelEachOther() {
    let gradients: NamedTensors = ["w": Tensor([1.0])]
    var first = Optimizer { Momentum(0.5) }
    first.update(["w": Tensor([0.0])], with: gradients, step: 0)
    let second = first
    let saved = first.state
    first.update(["w": Tensor([0.0])], with: gradients, step: 1)
    #expect(second.state["momentum.w"]!.item() == 1)
    #expect(saved["momentum.w"]!.item() == 1)
    #expect(first.state["momentum.w"]!.item() == 1.5)
  }

  @Test func aGradientWithoutItsParameterOrOfAnotherShapeTraps() async {
    await #expect(processExitsWith: .failure) {
      var optimizer = Optimizer { LearningRate(1) }
      optimizer.update(["w": Tensor([1.0])], with: ["v": Tensor([1.0])], step: 0)
    }
    await #expect(processExitsWith: .failure) {
      var optimizer = Optimizer { LearningRate(1) }
      optimizer.update(["w": Tensor([1.0, 2.0])], with: ["w": Tensor([1.0])], step: 0)
    }
    await #expect(processExitsWith: .failure) {
      var optimizer = Optimizer { LearningRate(1) }
      optimizer.state = ["momentum.w": Tensor([1.0])]
    }
  }
}
