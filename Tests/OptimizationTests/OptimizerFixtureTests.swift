import TestSupport
import Testing
import Torch

@testable import Optimization

/// torch 2.11's optimisers, clipping and schedules on the same numbers (scripts/fixtures/optimizers.py).
@Suite struct OptimizerFixtureTests {
  private let file: NamedTensors
  init() throws { file = try Fixture.load("optimizers.safetensors").tensors }

  private func part(_ prefix: String) -> NamedTensors {
    NamedTensors(
      file.filter { $0.hasPrefix(prefix) }.map {
        (String($0.name.dropFirst(prefix.count)), $0.tensor)
      }
    )
  }

  @Test(arguments: ["adamw32", "adamw64"])
  func `moments, decay and rate in this order are torch's AdamW`(_ kind: String) {
    let variants: [(String, AdamMoments, Double, Double)] = [
      ("default", AdamMoments(), 0.01, 0.01),
      ("other", AdamMoments(beta1: 0.6, beta2: 0.75, epsilon: 1e-3), 0.3, 0.1),
      ("adam", AdamMoments(beta2: 0.99), 0, 0.02),
    ]
    for (name, moments, decay, rate) in variants {
      var optimizer = Optimizer {
        moments
        WeightDecay(decay)
        LearningRate(rate)
      }
      let parameters = part("\(kind).start.").map { $0.copied() }
      let gradients = part("\(kind).gradients.")
      #expect(parameters.count == 3)
      for step in 0..<6 {
        optimizer.update(parameters, with: gradients.map { $0[step] }, step: step)
        for (parameter, expected) in part("\(kind).\(name).") {
          expectClose(
            parameters[parameter]!, expected[step], relative: kind == "adamw32" ? 2e-6 : 1e-13,
            absolute: kind == "adamw32" ? 1e-7 : 1e-15, "\(name), step \(step), \(parameter)")
        }
      }
    }
  }

  @Test(arguments: [("clipped", 0.5), ("untouched", 100)] as [(String, Double)])
  func `clipping is torch's`(_ variant: String, _ maximum: Double) throws {
    var clipping = GradientClipping(maximumNorm: maximum)
    var gradients = part("clip.gradients.")
    clipping.apply(to: &gradients, at: gradients, step: 0)
    for (name, gradient) in gradients {
      expectClose(gradient, file["clip.\(variant).\(name)"]!, relative: 1e-6)
    }
    expectClose(try #require(clipping.norm), file["clip.\(variant).norm"]!.item(), relative: 1e-6)
    #expect((clipping.factor == 1) == (variant == "untouched"))
  }

  @Test(
    arguments: [(.ball, 0.05), (.scaled, 0.5)] as [(SharpnessAwareAscent.Neighborhood, Double)])
  func `two passes and a base step are the rebuilt method's`(
    _ neighborhood: SharpnessAwareAscent.Neighborhood, _ rho: Double
  ) {
    let (x, y) = (file["sam.x"]!, file["sam.y"]!)
    func gradients(at weights: NamedTensors) -> NamedTensors {
      let w = weights.map { $0.requiringGradient() }
      let hidden = x.linear(w["first"]!, bias: w["bias"]!).hyperbolicTangent()
      return hidden.linear(w["second"]!).crossEntropy(y).gradients(of: w)
    }
    let ascent = SharpnessAwareAscent(rho: rho, neighborhood: neighborhood)
    var optimizer = Optimizer {
      WeightDecay(0.01)
      Momentum(0.9)
      LearningRate(0.3)
    }
    let parameters = part("sam.start.").map { $0.copied() }
    for step in 0..<3 {
      let e = ascent.perturbation(of: gradients(at: parameters), at: parameters)
      let moved = NamedTensors(parameters.map { ($0.name, $0.tensor + e[$0.name]!) })
      optimizer.update(parameters, with: gradients(at: moved), step: step)
      let prefix = "sam.\(neighborhood).\(step)."
      for (name, parameter) in parameters {
        expectClose(
          e[name]!, file[prefix + "perturbation." + name]!, relative: 1e-10, absolute: 1e-13)
        expectClose(
          parameter, file[prefix + "parameters." + name]!, relative: 1e-10, absolute: 1e-13)
      }
    }
  }

  @Test func `schedules are torch's`() throws {
    let schedules: [(String, Schedule)] = [
      ("step", .step(from: 0.1, factor: 0.3, every: 4)),
      ("milestones", .multiStep(from: 0.1, factor: 0.5, at: [3, 7, 8])),
      ("cosine", .cosine(from: 0.1, over: 12, to: 0.02)),
    ]
    for (name, schedule) in schedules {
      for (key, tried) in [
        ("schedule.", schedule), ("schedule.warmup.", .warmup(over: 5, then: schedule)),
      ] {
        let expected = try #require(file[key + name]).scalars(of: Double.self)
        expectClose(
          expected.indices.map { tried($0) }, expected, relative: 1e-12, absolute: 1e-15, key + name
        )
      }
    }
  }
}
