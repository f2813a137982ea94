import Layers
import Models
import Spiking
import TestSupport
import Testing
import Torch

/// Gradient views on whole networks, with shortcuts, pooling and layouts as they come.
@Suite struct GradientViewFamilyTests {
  private static let names = [
    "own", "triangle-0.5", "exponential-0.3-1.0", "straight-through", "bptr", "rga", "hart-0.5",
    "mix", "pdsg", "assg-0.85", "sltt",
  ]

  /// With an image that ends at a single position, where layouts in memory are ambiguous.
  private static let families =
    FamilyTests.families + [FamilyTests.Family(name: .resnet18, stem: .imagenet, size: 32)]

  @Test(arguments: families, [1, 3])
  func `values stay as they are, gradients arrive, and every layer is accounted for`(
    _ family: FamilyTests.Family, _ steps: Int
  ) throws {
    let network = try family.network(LIF(tau: 2, threshold: 0.5))
    let encoder = DirectEncoding(steps: steps)
    let images = randomTensor([2, 3, family.size, family.size], seed: 4).sigmoid()
    let labels = Tensor([0, 3] as [Int64])
    let plain = withoutGradients { network.classifier(encoder)(images) }
    for name in Self.names + ["conversion-rectifier", "conversion-clip"] {
      let view = try #require(NamedGradientView.named(name))
      let leaf = images.requiringGradient()
      let logits = network.classifiers(encoder, under: view)()(leaf)
      #expect(logits.detached().isIdentical(to: plain) != view.changesForward, "\(name)")
      let gradient = logits.crossEntropy(labels, reduction: .sum).gradients(of: [leaf])[0]
      #expect(gradient.isFinite().allTrue(), "\(name)")
      let flow = network.gradientFlow(
        encoder, gradientView: view.views()[0], images: images, labels: labels)
      #expect(flow.layers.map(\.name) == network.neuronLayerNames, "\(name)")
    }
    let through = network.gradientFlow(
      encoder, gradientView: GradientView(rule: .straightThrough), images: images, labels: labels)
    #expect(through.examplesWithoutGradient == 0)
  }
}
