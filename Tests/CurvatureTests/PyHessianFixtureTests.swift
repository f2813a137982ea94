import Curvature
import Foundation
import Layers
import NetworkFixtures
import Spiking
import TestSupport
import Testing
import Torch

/// PyHessian 0.1 on SpikingJelly's networks, in float64, on the same weights and batch (scripts/fixtures/pyhessian.py).
@Suite struct PyHessianFixtureTests {
  static let names = ["spiking", "detached", "rectified"]

  /// One network's numbers, and the same loss in our own.
  private struct Peer {
    struct Names: Decodable { let parameters: [String] }

    let tensors: NamedTensors
    let loss: LossFunction
    let curvature: LossCurvature

    init(_ name: String) throws {
      let file = try Fixture.load("pyhessian.safetensors")
      let json = Data(try #require(file.metadata[name]).utf8)
      let description = try JSONDecoder().decode(NetworkDescription.self, from: json)
      let tensors = file.tensors.part(name + ".")
      let images = tensors["images"]!.converted(to: .float64)
      let labels = tensors["labels"]!
      let network = try description.network(imageSize: images.size(2), weightsOf: tensors)
      network.convert(to: .float64)
      let names = try JSONDecoder().decode(Names.self, from: json).parameters
      try #require(network.parameters.names == names, "vectors mean the same parameters")
      self.tensors = tensors
      loss = LossFunction(
        of: network.parameters,
        over: [
          .init(
            outputs: {
              var pass = ForwardPass(.evaluation)
              return network(DirectEncoding(steps: description.steps)(images, &pass), &pass)
            }, loss: { $0.mean(along: [0]).crossEntropy(labels) })
        ])
      curvature = try LossCurvature(of: loss)
    }

    /// Rows of a matrix.
    func rows(_ name: String) -> [Tensor] {
      (0..<tensors[name]!.size(0)).map { tensors[name]![$0].converted(to: .float64) }
    }

    func numbers(_ name: String) -> [Double] { tensors[name]!.scalars(of: Double.self) }
  }

  @Test(arguments: names) func `products are PyHessian's`(_ name: String) throws {
    let peer = try Peer(name)
    let value = peer.loss.batches[0].loss(peer.loss.batches[0].outputs()).item()
    expectClose(value, peer.tensors["loss"]!.item(), relative: 1e-12)
    for (vector, expected) in zip(peer.rows("vectors"), peer.rows("products")) {
      let scale: Double = expected.norm(.infinity).item()
      expectClose(try peer.curvature(vector), expected, relative: 1e-11, absolute: 1e-13 * scale)
    }
  }

  @Test(arguments: names) func `every product with its matrix is the same`(_ name: String) throws {
    let peer = try Peer(name)
    for product in [CurvatureProduct.jacobian, .symmetricPart] {
      let ours = try LossCurvature(of: peer.loss, product: product)(peer.rows("vectors")[0])
      let expected = peer.rows("products")[0]
      let scale: Double = expected.norm(.infinity).item()
      expectClose(ours, expected, relative: 1e-11, absolute: 1e-13 * scale)
    }
  }

  /// A surrogate gives every spike one value, slope and curvature, and a matrix of second derivatives is symmetric.
  @Test(arguments: names) func `PyHessian's products are symmetric`(_ name: String) throws {
    let peer = try Peer(name)
    let (vectors, products) = (peer.rows("vectors"), peer.rows("products"))
    for (i, j) in [(0, 1), (1, 2), (2, 0)] {
      let scale: Double = (vectors[i].norm() * products[j].norm()).item()
      expectClose(
        vectors[i].dot(products[j]).item(), vectors[j].dot(products[i]).item(),
        absolute: 1e-13 * scale)
    }
  }

  @Test(arguments: names)
  func `power iteration gives PyHessian's values after as many products`(_ name: String) throws {
    let peer = try Peer(name)
    let expected = peer.numbers("eigenvalues")
    let found = try PowerIteration(
      count: expected.count, maximumIterations: 100, tolerance: 1e-3, starts: peer.rows("starts"))(
        peer.curvature)
    expectClose(found.eigenvalues.map(\.value), expected, relative: 1e-10)
    let iterations = peer.numbers("iterations")
    #expect(found.eigenvalues.map { Double($0.iterations) } == iterations)
    #expect(Double(found.products) == iterations.reduce(0, +))
  }

  /// What PyHessian leaves: the residual of the value it gives and the vector it gives.
  @Test(arguments: names)
  func `the residuals of PyHessian's pairs are what they are there`(_ name: String) throws {
    let peer = try Peer(name)
    let values = peer.numbers("eigenvalues")
    let found = try PowerIteration(count: values.count, starts: peer.rows("starts"))(peer.curvature)
    let residuals = try zip(found.vectors, values).map { vector, value in
      let rest = try peer.curvature(vector) - vector * value
      return (rest.norm() / vector.norm()).item()
    }
    expectClose(residuals, peer.numbers("residuals"), relative: 1e-9)
  }

  @Test(arguments: names) func `Lanczos gives the eigenvalues of LAPACK`(_ name: String) throws {
    let peer = try Peer(name)
    let spectrum = peer.numbers("spectrum")
    let bySize = spectrum.sorted { abs($0) > abs($1) }
    let largest = try Lanczos(count: 5, order: .magnitude, tolerance: 1e-6)(peer.curvature)
    #expect(largest.converged)
    expectClose(
      largest.eigenvalues.map(\.value), Array(bySize.prefix(5)), absolute: 1e-6 * abs(bySize[0]))
    let top = try Lanczos(count: 3, order: .algebraic, tolerance: 1e-6)(peer.curvature)
    expectClose(
      top.eigenvalues.map(\.value), spectrum.suffix(3).reversed(), absolute: 1e-6 * abs(bySize[0]))
  }

  @Test(arguments: names)
  func `the trace has PyHessian's samples and stops where it does`(_ name: String) throws {
    let peer = try Peer(name)
    let (signs, expected) = (peer.rows("signs"), peer.numbers("samples"))
    let samples = try zip(signs, expected).map { signs, _ in
      signs.dot(try peer.curvature(signs)).item()
    }
    expectClose(samples, expected, relative: 1e-12)
    let trace = try HutchinsonTrace(
      maximumSamples: signs.count, stop: .settledMean(1e-3), probes: signs)(peer.curvature)
    #expect(trace.samples == expected.count)
    expectClose(trace.value, expected.reduce(0, +) / Double(expected.count), relative: 1e-12)
  }
}
