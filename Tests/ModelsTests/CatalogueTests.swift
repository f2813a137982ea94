import Layers
import Models
import Spiking
import TestSupport
import Testing
import Torch

/// Networks by name: what each name and stem builds, and what it refuses.
@Suite struct CatalogueTests {
  private func design(
    _ name: ModelName, size: Int, stem: Stem? = nil, width: Double = 1.0 / 16,
    head: VGGConfiguration.Head = .released
  ) -> ModelDesign {
    ModelDesign(
      name, classes: 5, channels: 3, imageSize: size, width: width, head: head, stem: stem)
  }

  private func message(_ design: ModelDesign) -> String {
    do throws(ModelError) {
      _ = try design.network(using: nil)
      return "built"
    } catch { return error.description }
  }

  @Test(arguments: ModelName.allCases)
  func `every network takes its smallest image and refuses a smaller one`(
    _ name: ModelName
  ) throws {
    let isVGG = name.standardStem(imageSize: 32) == nil
    let stems: [Stem?] = isVGG ? [nil] : [.cifar, .imagenet]
    for stem in stems {
      let smallest = isVGG ? (name == .vgg5 ? 4 : 32) : (stem == .cifar ? 8 : 32)
      #expect(message(design(name, size: smallest, stem: stem)) == "built")
      #expect(
        message(design(name, size: smallest - 1, stem: stem)).contains(
          "needs at least \(smallest) × \(smallest) pixels, found \(smallest - 1)"))
      // It does work at that size.
      let network = try design(name, size: smallest, stem: stem).network(
        using: Generator(seed: 1))
      var pass = ForwardPass(.evaluation)
      let images = Tensor.zeros([1, 3, smallest, smallest])
      #expect(network(Signal(constant: images, steps: 1), &pass).shape == [1, 1, 5])
    }
  }

  @Test func `the stem and the name pick the architecture`() throws {
    func type(_ name: ModelName, _ size: Int, _ stem: Stem?) throws -> String {
      "\(Swift.type(of: try design(name, size: size, stem: stem).network(using: nil)))"
    }
    #expect(try type(.vgg5, 32, nil) == "VGG")
    #expect(try type(.resnet18, 32, nil) == "PreActivationResNet")
    #expect(try type(.resnet34, 127, nil) == "PreActivationResNet")
    #expect(try type(.resnet34, 128, nil) == "ResNet")
    #expect(try type(.resnet18, 64, .imagenet) == "ResNet")
    #expect(try type(.resnet18, 128, .cifar) == "PreActivationResNet")
    let small = try #require(try design(.nfResNet18, size: 64).network(using: nil) as? NFResNet)
    let large = try #require(try design(.nfResNet18, size: 128).network(using: nil) as? NFResNet)
    #expect(small.configuration.stem == .cifar && large.configuration.stem == .imagenet)
    #expect(small.parameters["conv1.weight"]!.shape == [4, 3, 3, 3])
    #expect(large.parameters["conv1.weight"]!.shape == [4, 3, 7, 7])
  }

  @Test func `networks that cannot be built say why`() {
    let rows: [(ModelDesign, String)] = [
      (
        design(.vgg5, size: 32, stem: .cifar),
        "stem: expected none, because vgg5 has no choice, found cifar"
      ),
      (
        design(.resnet18, size: 32, head: .compact),
        "head: expected released, because resnet18 ends in the mean over all positions, "
          + "found compact"
      ),
      (
        design(.nfResNet34, size: 32, head: .compact),
        "head: expected released, because nf-resnet34 ends in the mean over all positions, "
          + "found compact"
      ),
      (
        design(.resnet18, size: 28, stem: .imagenet),
        "resnet18 with the imagenet stem halves the image 5 times and needs at least 32 × 32 "
          + "pixels, found 28 × 28; use the cifar stem, or pad the images"
      ),
      (
        design(.nfResNet50, size: 7),
        "nf-resnet50 halves the image 3 times and needs at least 8 × 8 pixels, found 7 × 7; use "
          + "vgg5, or pad the images"
      ),
      (
        design(.vgg5, size: 3),
        "vgg5 halves the image 2 times and needs at least 4 × 4 pixels, found 3 × 3; pad the images"
      ),
      (
        design(.nfResNet18, size: 32, width: 1.0 / 64),
        "width: expected at least 2/64, because a standardised 1 × 1 convolution needs two "
          + "channels, found 0.015625"
      ),
      (
        design(.resnet34, size: 32, width: 17),
        "width: expected above 0, at most 16, found 17.0"
      ),
    ]
    for (design, expected) in rows { #expect(message(design) == expected) }
  }

  /// What the release's and PyTorch's constructors leave.
  @Test func `initial weights follow the release`() throws {
    func weights(_ name: ModelName, _ stem: Stem) throws -> NamedTensors {
      try ModelDesign(name, classes: 100, channels: 3, imageSize: 64, width: 0.5, stem: stem)
        .network(using: Generator(seed: 1)).parameters.map { $0.detached() }
    }
    func deviation(_ tensor: Tensor) -> Double {
      tensor.flattened().variance(along: [0]).squareRoot().item()
    }
    /// Uniform: no number beyond the bound, and the deviation is bound / √3.
    func expectUniform(_ tensor: Tensor, bound: Double, relative: Double = 0.1) {
      #expect(tensor.magnitude().max().item() <= bound)
      expectClose(deviation(tensor), bound / 3.0.squareRoot(), relative: relative)
    }
    let small = try weights(.resnet18, .cifar)
    expectClose(
      deviation(small["layer4.1.conv1.weight"]!), (2.0 / (256 * 9)).squareRoot(), relative: 0.01)
    expectClose(
      deviation(small["layer4.0.shortcut.weight"]!), (2.0 / 256).squareRoot(), relative: 0.02)
    expectUniform(small["layer4.1.conv1.bias"]!, bound: 1 / (256.0 * 9).squareRoot())
    expectUniform(small["linear.weight"]!, bound: 1 / 16.0, relative: 0.02)
    #expect(small["linear.bias"]!.norm().item() == 0)
    #expect(small["conv1.bias"] == nil)
    let large = try weights(.resnet18, .imagenet)
    expectClose(deviation(large["conv1.weight"]!), (2.0 / (32 * 49)).squareRoot(), relative: 0.05)
    expectUniform(large["fc.weight"]!, bound: 1 / 16.0, relative: 0.02)
    expectUniform(large["fc.bias"]!, bound: 1 / 16.0, relative: 0.2)
    let free = try weights(.nfResNet18, .imagenet)
    expectClose(
      deviation(free["layer4.1.conv1.weight"]!), (2.0 / (256 * 9)).squareRoot(), relative: 0.01)
    for (name, tensor) in free {
      if name.hasSuffix(".gain") { #expect(tensor.isIdentical(to: Tensor.ones(tensor.shape))) }
      if name.hasSuffix("skipinit_gain") { #expect(tensor.shape == [] && tensor.item() == 0) }
      if name.hasSuffix("bias"), name != "fc.bias" { #expect(tensor.norm().item() == 0) }
    }
    #expect(free["fc.weight"]!.norm().item() == 0)
    expectUniform(free["fc.bias"]!, bound: 1 / 16.0, relative: 0.2)
  }
}
