import Layers
import Models
import Optimization
import Spiking
import TestSupport
import Testing
import Torch

/// Deflation on the gradients of a network, not on matrices made up for it.
@Suite struct RealGradientTests {
  @Test func `the fast solver keeps its promises on a VGG-11's gradients`() throws {
    let network = try VGG(
      VGGConfiguration(.vgg11, classes: 10, channels: 3, imageSize: 32, width: 0.5),
      using: Generator(seed: 1))
    let images = randomTensor([8, 3, 32, 32], seed: 2).sigmoid()
    var pass = ForwardPass(.training)
    let logits = network(DirectEncoding(steps: 4)(images, &pass), &pass)
    let loss = PerStepCrossEntropy()(logits, Tensor((0..<8).map { Int64($0) }))
    let gradients = loss.gradients(of: network.parameters)
    var deflated = gradients
    var deflation = DominantSingularDeflation()
    deflation.apply(to: &deflated, at: gradients, step: 0)

    var byLanczos = 0
    for layer in deflation.report.layers where layer.outcome == .deflated {
      let g = gradients[layer.name]!.flattened(from: 1).converted(to: .float64)
      let d = deflated[layer.name]!.flattened(from: 1).converted(to: .float64)
      let (u, s, vh) = try g.singularValueDecomposition()
      let sigma = s.scalars(of: Double.self)
      let exact = g - u.selecting(0, along: 1).outer(vh[0]) * sigma[0]
      #expect(try d.singularValues()[0].item() <= 1.001 * sigma[1], "\(layer.name)")
      expectClose(
        (g * d).sum().item(), d.squared().sum().item(), relative: 1e-5, layer.name)
      if sigma[0] >= 1.01 * sigma[1] {
        let error = (d - exact).norm().item() / exact.norm().item()
        #expect(error <= 1e-4, "\(layer.name): off by \(error)")
      }
      if layer.triple!.iterations > 0, !layer.triple!.fellBack { byLanczos += 1 }
    }
    #expect(deflation.report.deflated == 9)
    #expect(byLanczos >= 3, "the iteration itself must be what is tested")
  }
}
