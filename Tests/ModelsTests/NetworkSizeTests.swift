import Layers
import Models
import Spiking
import TestSupport
import Testing
import Torch

/// Counts of whole networks, against published numbers, closed forms and passes that do compute.
@Suite struct NetworkSizeTests {
  private func size(
    _ name: ModelName, classes: Int = 10, channels: Int = 3, image: Int, stem: Stem? = nil,
    width: Double = 1
  ) throws -> NetworkSize {
    let network = try ModelDesign(
      name, classes: classes, channels: channels, imageSize: image, width: width, stem: stem
    ).network(using: nil)
    return NetworkSize(of: network, channels: channels, imageSize: image)
  }

  /// Parameters and multiply-accumulates that torchvision's documentation gives for ImageNet. An NF-ResNet has a
  /// bias and a gain where batch norm has a shift and a scale, and a scalar for each block.
  @Test(arguments: [
    (ModelName.resnet18, 11_689_512, 1.814e9), (.resnet34, 21_797_672, 3.664e9),
    (.nfResNet18, 11_689_512 + 8, 1.814e9), (.nfResNet34, 21_797_672 + 16, 3.664e9),
    (.nfResNet50, 25_557_032 + 16, 4.089e9),
  ])
  func `ImageNet's networks have torchvision's sizes`(
    _ name: ModelName, _ parameters: Int, _ operations: Double
  ) throws {
    let found = try size(name, classes: 1000, image: 224)
    #expect(found.parameters == parameters)
    expectClose(Double(found.operations.perStep), operations, relative: 5e-4)
  }

  /// 3 × 3 convolutions of the two channel numbers that meet at each stage's seam, by hand.
  @Test(arguments: [(ModelName.resnet18, [2, 2, 2, 2]), (.resnet34, [3, 4, 6, 3])])
  func `the release's small residual network has the size of its formula`(
    _ name: ModelName, _ blocks: [Int]
  ) throws {
    var parameters = 27 * 64
    var operations = 27 * 64 * 29 * 29
    var neurons = 0
    var (channels, side) = (64, 29)
    for (stage, count) in blocks.enumerated() {
      let width = 64 << stage
      let half = stage == 0 ? side : (side + 1) / 2
      // First block: from the last stage's width, and a 1 × 1 shortcut where it differs.
      let first = 9 * channels * width + 9 * width * width
      let shortcut = stage == 0 ? 0 : channels * width
      let others = (count - 1) * 18 * width * width
      operations += (first + shortcut + others) * half * half
      // Biases of every convolution; scale and shift in front of both.
      parameters += first + shortcut + others
      parameters += (2 * count + (stage == 0 ? 0 : 1)) * width
      parameters += 2 * channels + 2 * width + (count - 1) * 4 * width
      neurons += channels * side * side + (2 * count - 1) * width * half * half
      (channels, side) = (width, half)
    }
    parameters += 2 * 512 + 512 * 10 + 10
    operations += 512 * 10
    neurons += 512 * side * side
    let found = try size(name, image: 29, stem: .cifar)
    #expect(found.parameters == parameters)
    #expect(found.operations.perStep == operations)
    #expect(found.operations.once == 27 * 64 * 29 * 29)
    #expect(found.neurons == neurons)
  }

  @Test func `a VGG-5 has the size of its formula, its stem once`() throws {
    let found = try size(.vgg5, channels: 1, image: 28)
    let stem = 9 * 64 * 28 * 28
    let rest = (9 * 64 * 128 + 9 * 128 * 128) * 14 * 14 + 128 * 49 * 10
    #expect(found.operations.once == stem && found.operations.everyStep == rest)
    #expect(found.operations.perStep == stem + rest)
    #expect(found.operations.total(steps: 4) == stem + 4 * rest)
    #expect(found.neurons == 64 * 28 * 28 + 2 * 128 * 14 * 14)
  }

  @Test(arguments: FamilyTests.families)
  func `counting visits what computing computes`(_ family: FamilyTests.Family) throws {
    for neuron in FamilyTests.neurons {
      let network = try family.network(neuron)
      let before = network.weights.map { $0.copied() }
      let found = NetworkSize(of: network, channels: 3, imageSize: family.size)
      var pass = ForwardPass(.evaluation)
      let images = randomTensor([2, 3, family.size, family.size], seed: 1)
      let logits = network(Signal(constant: images, steps: 3), &pass)
      #expect(logits.shape == [3, 2, 7] && pass.operations == nil)
      let opportunities = pass.activity.reduce(0) { $0 + $1.opportunities }
      #expect(found.neurons * 2 * 3 == opportunities)
      #expect(found.parameters == network.parameters.tensors.map(\.count).reduce(0, +))
      // A rectified network is constant from end to end; a spiking one up to its first neuron.
      #expect((found.operations.everyStep == 0) == (neuron is Rectifier))
      #expect(found.operations.once > 0)
      for (name, tensor) in network.weights { #expect(tensor.isIdentical(to: before[name]!)) }
    }
  }
}
