import Testing
import Torch

@testable import Attacks

/// Questions to the classifier itself, each with the fault that it is for and without.
@Suite struct ClassifierProbeTests {
  let models = PlantedModels(count: 24)

  private func probe(_ make: @escaping () -> Classifier) -> ClassifierProbe {
    ClassifierProbe(makeClassifier: make, images: models.images)
  }

  @Test func `an honest classifier answers every question`() {
    let probe = probe { models.honest.callAsFunction }
    let (flags, memory) = probe.repetition()
    #expect(memory == .none)
    #expect(flags.map(\.state) == [.clear, .clear])
    #expect(probe.batchDependence().state == .clear)
    #expect(probe.softmaxOutput().state == .clear)
    let input = InputProbe(probe, seed: 0)
    let (quantized, rounded) = input.quantized()
    #expect(quantized.state == .clear && rounded.trueCount == 0)
    #expect(input.clamped(except: rounded).state == .clear)
  }

  /// A fresh classifier starts without the memory, or the memory outlives it: both leak.
  @Test(arguments: [true, false])
  func `state that leaks between calls is told from chance`(isFresh: Bool) {
    let shared = models.leaking()
    let probe = probe { isFresh ? models.leaking() : shared }
    let (flags, memory) = probe.repetition()
    #expect(memory == .state)
    #expect(flags[0].check == .leakedState && flags[0].isRaised && flags[0].count.successes == 24)
    #expect(flags[1].state == .notMeasured)
  }

  /// A memory that the same question does not show.
  @Test func `state is found where the same batch twice gives the same`() {
    let models = models
    let probe = probe {
      nonisolated(unsafe) var before: Tensor?
      return { images in
        defer { before = images }
        let logits = models.honest(images)
        guard let before, !before.isIdentical(to: images) else { return logits }
        return logits + before.mean() * 0.1
      }
    }
    #expect(probe.repetition().memory == .state)
  }

  @Test(arguments: [true, false])
  func `chance is named as such, with a seed and without`(isSeeded: Bool) {
    let shared = Generator(seed: 8)
    let probe = probe { models.noisy(isSeeded ? Generator(seed: 5) : shared) }
    let (flags, memory) = probe.repetition()
    #expect(memory == (isSeeded ? .seededDraws : .draws))
    #expect(flags[0].check == .leakedState && flags[0].state == .clear)
    #expect(flags[1].check == .stochastic && flags[1].isRaised)
    #expect(flags[1].count.successes == 24)
    if isSeeded { #expect(probe.batchDependence().state == .clear) }
  }

  /// Under chance alone the test's p is uniform: it must not find memory in more than its level.
  @Test func `chance is seldom taken for memory`() {
    let found = (0..<40).count { seed in
      let generator = Generator(seed: UInt64(seed))
      let images = models.images
      let test = MemoryTest(
        models.noisy(generator, 0.3), asked: images, after: (images, 1 - images))
      return test.probability <= 0.2
    }
    // Binomial(40, 0.2): 18 or more has a probability of 4e-4.
    #expect((1..<18).contains(found), "\(found) of 40")
  }

  @Test func `batch norm in training mode depends on the batch`() {
    #expect(probe { models.batchwise }.batchDependence().count.successes == 24)
  }

  @Test func `probabilities are no logits`() {
    let flag = probe { { models.honest($0).softmax() } }.softmaxOutput()
    #expect(flag.isRaised && flag.count.successes == 24)
  }

  @Test(arguments: [2, 3, 8, 9, 20, 32, 47, 64, 100, 128], [true, false])
  func `a rounded input is found whatever its gradient`(levels: Int, straightThrough: Bool) {
    let probe = probe { models.quantized(levels, straightThrough: straightThrough) }
    let (flag, rows) = InputProbe(probe, seed: 0).quantized()
    #expect(flag.isRaised && flag.count.successes > 20, "\(flag.detail)")
    #expect(flag.detail.contains("\(levels) levels"))
    #expect(InputProbe(probe, seed: 0).clamped(except: rows).state != .raised)
  }

  /// Threshold on the other side: images come with 8 bits, so that rounding to them hides nothing.
  @Test func `rounding to the levels of a file is no fault`() {
    let probe = probe { models.quantized(256, straightThrough: true) }
    #expect(InputProbe(probe, seed: 0).quantized().flag.state == .clear)
  }

  @Test func `a constant classifier is not called rounded or clamped`() {
    let probe = probe { { $0.flattened(from: 1).slicing(0..<3, along: 1) * 0 + 1 } }
    let (flag, rows) = InputProbe(probe, seed: 0).quantized()
    #expect(flag.state == .clear)
    #expect(InputProbe(probe, seed: 0).clamped(except: rows).state == .clear)
  }

  @Test func `a normalised image that is clamped to 0 and 1 is found`() {
    let flag = InputProbe(probe { models.clamped }, seed: 0).clamped(
      except: Tensor.zeros([24], dtype: .bool))
    #expect(flag.isRaised && flag.count.successes >= 20, "\(flag.detail)")
  }

  @Test func `clamping to the range of pixels is no fault`() {
    let flag = InputProbe(probe { { models.honest($0.clamped(0, 1)) } }, seed: 0).clamped(
      except: Tensor.zeros([24], dtype: .bool))
    #expect(flag.state == .clear)
  }

  @Test func `underflow of the loss is told from a network without a gradient`() throws {
    func probe(_ classifier: Classifier) throws -> GradientProbe {
      var probe = GradientProbe()
      for batch in PlantedModels(count: 60).batches { try probe.add(batch, classifier) }
      return probe
    }
    let honest = try probe(models.honest.callAsFunction)
    #expect(honest.images == 60 && honest.without == 0 && honest.lostInTheLoss == 0)
    let large = try probe(models.saturated(1000))
    #expect(large.without == 0 && large.lostInTheLoss > 30 && large.saturated > 30)
    let flat = try probe(models.quantized(8, straightThrough: false))
    #expect(flat.without == 60 && flat.lostInTheLoss == 0)
    #expect(flat.flags.map(\.check) == [.zeroGradients, .lossOfPrecision])
    #expect(flat.flags.map(\.isRaised) == [true, false])
    #expect(large.flags.map(\.isRaised) == [false, true])
  }
}
