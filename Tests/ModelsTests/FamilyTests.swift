import Layers
import Models
import Spiking
import TestSupport
import Testing
import Torch

/// What holds of every family of networks, whatever its architecture.
@Suite struct FamilyTests {
  /// A small network of a family, and a size of image that it does not divide.
  struct Family: CustomTestStringConvertible, Sendable {
    let name: ModelName
    let stem: Stem?
    let size: Int
    var testDescription: String { "\(name.rawValue) \(stem?.rawValue ?? "")" }

    func network(_ neuron: any Neuron = LIF(), seed: UInt64 = 3) throws -> any SpikingNetwork {
      let network = try ModelDesign(
        name, classes: 7, channels: 3, imageSize: size, width: 1.0 / 16, stem: stem, neuron: neuron
      ).network(using: Generator(seed: seed))
      // Where the release starts at zero, nothing would reach the images.
      let generator = Generator(seed: 5)
      withoutGradients {
        for (name, parameter) in network.parameters
        where name.hasSuffix("skipinit_gain") || name == "fc.weight" {
          parameter.copyInPlace(
            from: Tensor.uniform(parameter.shape, in: 0.5...1, using: generator))
        }
      }
      return network
    }
  }

  static let families: [Family] = [
    Family(name: .vgg5, stem: nil, size: 13), Family(name: .resnet18, stem: .cifar, size: 13),
    Family(name: .resnet18, stem: .imagenet, size: 37),
    Family(name: .nfResNet18, stem: .cifar, size: 13),
    Family(name: .nfResNet50, stem: .imagenet, size: 37),
  ]
  static let neurons: [any Neuron] = [LIF(surrogate: .arctan(width: 1)), Rectifier()]

  private struct Outcome {
    let logits: Tensor
    let gradients: NamedTensors
    let buffers: NamedTensors
    let rates: [Double]
  }

  private func run(
    _ family: Family, _ neuron: any Neuron, _ mode: Mode, steps: Int, isConstant: Bool
  ) throws -> Outcome {
    let network = try family.network(neuron)
    let images = randomTensor([3, 3, family.size, family.size], seed: 4).sigmoid()
      .requiringGradient()
    var pass = ForwardPass(mode)
    let once = DirectEncoding(steps: steps)(images, &pass)
    let logits = network(isConstant ? once : Signal(stepped: once.folded, steps: steps), &pass)
    var leaves = network.parameters
    leaves["images"] = images
    let loss = PerStepCrossEntropy()(logits, Tensor([0, 3, 6] as [Int64]))
    return Outcome(
      logits: logits.detached(), gradients: loss.gradients(of: leaves), buffers: network.buffers,
      rates: pass.activity.map(\.rate))
  }

  @Test(arguments: families, [1, 3])
  func `computing constant signals once changes neither logits nor gradients nor statistics`(
    _ family: Family, _ steps: Int
  ) throws {
    for neuron in Self.neurons {
      for mode in [Mode.training, .evaluation] {
        let once = try run(family, neuron, mode, steps: steps, isConstant: true)
        let repeated = try run(family, neuron, mode, steps: steps, isConstant: false)
        let scale = repeated.logits.magnitude().max().item()
        expectClose(once.logits, repeated.logits, relative: 1e-4, absolute: 1e-4 * scale)
        for (name, gradient) in repeated.gradients where name != "images" || mode == .evaluation {
          // A convolution's bias before batch norm has no gradient in training but rounding's.
          let weight = repeated.gradients[name.dropLast(4) + "weight"]
          guard mode == .evaluation || !name.hasSuffix("bias") || weight?.rank != 4 else {
            continue
          }
          let error = (once.gradients[name]! - gradient).norm().item()
          #expect(error <= 2e-3 * gradient.norm().item() + 1e-7, "\(mode) \(name)")
        }
        for (name, buffer) in repeated.buffers {
          expectClose(once.buffers[name]!, buffer, relative: 1e-4, absolute: 1e-5, name)
        }
        expectClose(once.rates, repeated.rates, relative: 1e-3)
        #expect(once.gradients["images"]!.norm().item() > 0)
      }
    }
  }

  /// Membranes carry over, every step has statistics of its own, and no rounding can flip a spike: the neuron gives
  /// its surrogate's primitive.
  private func lossGradients(
    _ family: Family, _ neuron: any Neuron, _ unrolling: Unrolling, _ statistics: BatchStatistics
  ) throws -> (result: LossGradients, buffers: NamedTensors, pass: ForwardPass) {
    let network = try family.network(neuron)
    let images = randomTensor([3, 3, family.size, family.size], seed: 4).sigmoid()
    var pass = ForwardPass(.training, batchStatistics: statistics)
    let result = network.lossGradients(
      of: PerStepCrossEntropy(meanSquareWeight: 0.05), on: images,
      labels: Tensor([0, 3, 6] as [Int64]), encoder: DirectEncoding(steps: 3), &pass,
      unrolling: unrolling)
    return (result, network.buffers, pass)
  }

  @Test(arguments: families)
  func `step by step gives every family the gradients of one graph`(_ family: Family) throws {
    let soft = LIF(
      tau: 2, surrogate: .arctan(width: 1), temporalGradient: .withinStep, isSpiking: false)
    let neurons: [any Neuron] = [soft, Rectifier()]
    for neuron in neurons {
      let whole = try lossGradients(family, neuron, .allSteps, .eachStep)
      let walked = try lossGradients(family, neuron, .stepByStep, .eachStep)
      expectClose(walked.result.loss.item(), whole.result.loss.item(), relative: 1e-5)
      let scale = whole.result.logits.magnitude().max().item()
      expectClose(
        walked.result.logits, whole.result.logits, relative: 1e-4, absolute: 1e-4 * scale)
      #expect(walked.result.gradients.names == whole.result.gradients.names)
      for (name, expected) in whole.result.gradients {
        var size = expected.norm().item()
        // A convolution's bias before batch norm has no gradient but rounding's.
        if name.hasSuffix("bias"),
          let weight = whole.result.gradients[name.dropLast(4) + "weight"], weight.rank == 4
        {
          size = max(size, weight.norm().item())
        }
        let error = (walked.result.gradients[name]! - expected).norm().item()
        #expect(size > 0 && error <= 1e-3 * size, "\(name): off by \(error) of \(size)")
      }
      for (name, buffer) in whole.buffers {
        expectClose(walked.buffers[name]!, buffer, relative: 1e-4, absolute: 1e-5, name)
      }
      #expect(walked.pass.activity.map(\.opportunities) == whole.pass.activity.map(\.opportunities))
    }
  }

  @Test(arguments: families)
  func `statistics of each step are not those of all, where there is batch norm`(
    _ family: Family
  ) throws {
    let soft = LIF(
      tau: 2, surrogate: .arctan(width: 1), temporalGradient: .withinStep, isSpiking: false)
    let each = try lossGradients(family, soft, .allSteps, .eachStep)
    let all = try lossGradients(family, soft, .allSteps, .allSteps)
    if each.buffers.isEmpty {
      #expect(each.result.logits.isIdentical(to: all.result.logits))
    } else {
      let difference = (each.result.logits - all.result.logits).norm().item()
      #expect(difference > 1e-3 * all.result.logits.norm().item())
      #expect(
        each.buffers.contains { name, buffer in
          (buffer - all.buffers[name]!).norm().item() > 1e-3 * buffer.norm().item()
        })
    }
  }

  @Test(arguments: families)
  func `a rectified network says the same at every step`(_ family: Family) throws {
    let outcome = try run(family, Rectifier(), .evaluation, steps: 4, isConstant: true)
    for t in 1..<4 { #expect(outcome.logits[t].isIdentical(to: outcome.logits[0])) }
    let one = try run(family, Rectifier(), .evaluation, steps: 1, isConstant: true)
    #expect(one.logits[0].isIdentical(to: outcome.logits[0]))
    #expect(one.rates == outcome.rates, "the share of active units does not depend on T")
  }

  @Test(arguments: families)
  func `a classifier is a pure function of its images`(_ family: Family) throws {
    let network = try family.network(LIF(tau: 4))
    let classify = network.classifier(DirectEncoding(steps: 3))
    let images = randomTensor([4, 3, family.size, family.size], seed: 4).sigmoid()
    let before = network.weights.map { $0.copied() }
    let first = classify(images)
    _ = classify(images * 0.5)
    #expect(classify(images).isIdentical(to: first), "state leaked from one call into the next")
    for (name, tensor) in network.weights {
      #expect(tensor.isIdentical(to: before[name]!), "\(name)")
    }
    expectClose(
      Tensor.concatenating((0..<4).map { classify(images[$0..<$0 + 1]) }), first, relative: 1e-4,
      absolute: 1e-4 * first.magnitude().max().item(), "an image's logits depend on its batch")
  }

  @Test(arguments: families)
  func `the same seed draws the same weights, and no generator draws none`(
    _ family: Family
  ) throws {
    let (a, b, c) = (
      try family.network(seed: 1), try family.network(seed: 1), try family.network(seed: 2)
    )
    for (name, tensor) in a.weights { #expect(tensor.isIdentical(to: b.weights[name]!), "\(name)") }
    let convolutions = a.parameters.filter { a.parameters[$0]!.rank == 4 && !$0.hasSuffix("gain") }
    for (name, tensor) in convolutions {
      #expect(!tensor.isIdentical(to: c.parameters[name]!), "\(name)")
    }
    let blank = try ModelDesign(
      family.name, classes: 7, channels: 3, imageSize: family.size, width: 1.0 / 16,
      stem: family.stem
    ).network(using: nil)
    #expect(blank.parameters.names == a.parameters.names)
    for (name, tensor) in convolutions {
      #expect(blank.parameters[name]!.shape == tensor.shape)
      #expect(blank.parameters[name]!.detached().norm().item() == 0)
    }
    try blank.load(a.weights)
    for (name, tensor) in a.weights { #expect(blank.weights[name]!.isIdentical(to: tensor)) }
  }

  @Test(arguments: families)
  func `every neuron layer has a name of its own`(_ family: Family) throws {
    let names = try family.network().neuronLayerNames
    #expect(Set(names).count == names.count)
    let outcome = try run(family, LIF(), .evaluation, steps: 2, isConstant: true)
    #expect(outcome.rates.count == names.count)
  }
}
