import Layers
import Spiking
import TestSupport
import Testing
import Torch

/// The catalogue, and classifiers under its views.
@Suite struct NamedGradientViewTests {
  static let neurons: [LIF] = [
    LIF(surrogate: .triangle(width: 1)),
    LIF(tau: 2, threshold: 0.7, reset: .hard, decaysInput: true, detachesReset: true),
    LIF.integrateAndFire(threshold: 0.8, reset: .none, surrogate: .arctan(width: 0.5)),
  ]
  private let images = Tensor.uniform([3, 2, 5, 4], dtype: .float32, using: Generator(seed: 3))
  private let labels = Tensor([0, 2, 1] as [Int64])

  private func inputGradient(_ classifier: (Tensor) -> Tensor, _ images: Tensor) -> (Tensor, Tensor)
  {
    let leaf = images.requiringGradient()
    let logits = classifier(leaf)
    return (
      logits.detached(), logits.crossEntropy(labels, reduction: .sum).gradients(of: [leaf])[0]
    )
  }

  @Test func `names are unique, lines are single, and every group is in the catalogue`() {
    let names = NamedGradientView.catalogue.map(\.name)
    #expect(Set(names).count == names.count && names.first == "own")
    #expect(NamedGradientView.ensemble.count == 19)
    #expect(NamedGradientView.ensemble.map(\.name).prefix(6).last == "exponential-0.3-0.5")
    #expect(NamedGradientView.triangles.map(\.name).contains("triangle-0.3"))
    #expect(NamedGradientView.hart.first?.name == "hart-0.1")
    #expect(NamedGradientView.hart.dropLast().last?.name == "hart-2.45")
    let groups: [[NamedGradientView]] = [
      NamedGradientView.ensemble, NamedGradientView.triangles, NamedGradientView.arctans,
      NamedGradientView.rules, NamedGradientView.hart, NamedGradientView.adaptive,
      NamedGradientView.conversions,
    ]
    for view in groups.joined() {
      #expect(NamedGradientView.named(view.name)?.summary == view.summary, "\(view.name)")
      #expect(!view.summary.contains("\n") && !view.source.isEmpty && !view.name.contains(" "))
    }
    #expect(NamedGradientView.named("no such view") == nil)
    #expect(NamedGradientView.catalogue.filter(\.isStateful).count == 6)
    #expect(
      NamedGradientView.catalogue.filter(\.changesForward).map(\.name)
        == ["conversion-rectifier", "conversion-clip"])
  }

  @Test(arguments: zip(neurons, [4, 3, 1]))
  func `every view keeps the network's values bit for bit, unless it says otherwise`(
    _ neuron: LIF, _ steps: Int
  ) {
    let network = SmallNetwork(neuron: neuron, dtype: .float32)
    let encoder = DirectEncoding(steps: steps)
    let plain = network.classifier(encoder)(images)
    for view in NamedGradientView.catalogue {
      let classifier = network.classifiers(encoder, under: view)()
      let (logits, gradient) = inputGradient(classifier, images)
      #expect(logits.isIdentical(to: plain) != view.changesForward, "\(view.name)")
      #expect(gradient.isFinite().allTrue(), "\(view.name)")
      // What is asked for without a gradient is the same.
      let scored = withoutGradients { classifier(images) }
      #expect(scored.isIdentical(to: logits), "\(view.name)")
    }
  }

  @Test func `views keep the spikes of a stochastic coding`() {
    let network = SmallNetwork(neuron: LIF(), dtype: .float32)
    let encoder = PoissonEncoding(steps: 4)
    let plain = network.classifier(encoder, using: Generator(seed: 5))(images)
    for name in ["own", "bptr", "rga", "hart-1.0", "mix", "pdsg", "assg-0.85", "straight-through"] {
      let view = NamedGradientView.named(name)!
      let classifier = network.classifiers(encoder, under: view, using: Generator(seed: 5))()
      #expect(inputGradient(classifier, images).0.isIdentical(to: plain), "\(name)")
    }
  }

  @Test(arguments: [1, 4])
  func `step by step and through time agree at one step alone`(_ steps: Int) {
    let network = SmallNetwork(neuron: LIF(tau: 2, surrogate: .arctan(width: 1)), dtype: .float64)
    let encoder = DirectEncoding(steps: steps)
    let images = images.converted(to: .float64)
    func gradient(_ name: String) -> Tensor {
      let view = NamedGradientView.named(name)!
      return inputGradient(network.classifiers(encoder, under: view)(), images).1
    }
    #expect(gradient("sltt").isIdentical(to: gradient("own")) == (steps == 1))
    // HART adds an average over time, which one step does not need.
    #expect(gradient("hart-0.8").isIdentical(to: gradient("triangle-0.8")) == (steps == 1))
  }

  @Test func `a mix is the mean of its views' gradients`() {
    let network = SmallNetwork(neuron: LIF(tau: 2), dtype: .float64)
    let encoder = DirectEncoding(steps: 3)
    let images = images.converted(to: .float64)
    let gradients = ["hart-1.0", "triangle-1.0", "mix"].map {
      inputGradient(
        network.classifiers(encoder, under: NamedGradientView.named($0)!)(), images
      ).1
    }
    #expect((gradients[0] - gradients[1]).norm().item() > 1e-6)
    expectClose(
      gradients[2], (gradients[0] + gradients[1]) / 2, relative: 1e-10, absolute: 1e-14)
  }

  /// Catches decays that are swapped for others or lost on the way.
  @Test func `the adaptive view for rate coding has decays of 0.99`() {
    let network = SmallNetwork(neuron: LIF(tau: 2), dtype: .float64)
    let encoder = DirectEncoding(steps: 3)
    let images = images.converted(to: .float64)
    func twoGradients(_ classifier: (Tensor) -> Tensor) -> [Tensor] {
      (0..<2).map { _ in inputGradient(classifier, images).1 }
    }
    let named = ["assg-0.85", "assg-0.85-rate"].map {
      twoGradients(network.classifiers(encoder, under: NamedGradientView.named($0)!)())
    }
    let slow = AdaptiveSharpness(vanishing: 0.85, meanDecay: 0.99, deviationDecay: 0.99)
    let expected = twoGradients(
      network.classifier(
        encoder,
        gradientView: GradientView(
          temporalGradient: .throughTime, rule: .adaptive(slow, SurrogateMemory()))))
    for call in 0..<2 {
      #expect(named[1][call].isIdentical(to: expected[call]))
      #expect((named[1][call] - named[0][call]).norm().item() > 1e-6)
    }
  }

  @Test func `each classifier of an adaptive view starts from a memory of its own`() {
    let network = SmallNetwork(neuron: LIF(tau: 2), dtype: .float32)
    let make = network.classifiers(
      DirectEncoding(steps: 3), under: NamedGradientView.named("assg-0.85")!)
    let (one, other) = (make(), make())
    let first = inputGradient(one, images).1
    let second = inputGradient(one, images).1
    #expect(!second.isIdentical(to: first))
    #expect(inputGradient(other, images).1.isIdentical(to: first))
    // Several draws of an iteration see the memory as the first one left it.
    let eot = network.classifiers(
      DirectEncoding(steps: 3), under: NamedGradientView.named("assg-0.85")!, drawsPerIteration: 2)()
    for expected in [first, first, second] {
      #expect(inputGradient(eot, images).1.isIdentical(to: expected))
    }
    // Scoring leaves the memory alone.
    _ = withoutGradients { other(images) }
    #expect(inputGradient(other, images).1.isIdentical(to: second))
  }
}
