import Foundation
import TestSupport
import Testing
import Torch

/// `deflate` against the full decomposition in float64.
@Suite struct DeflateCommandTests {
  struct Record: Decodable {
    struct Layer: Decodable {
      let name: String
      let outcome: String
      let sigma1: Double?
      let energyRemoved: Double?
    }
    let solver: String
    let layers: [Layer]
    let fallbacks: Int
  }

  @Test(arguments: ["fast", "svd"])
  func `matrices lose their first term, everything else passes`(solver: String) throws {
    try Workplace.with { place in
      let gradients: NamedTensors = [
        "conv": randomTensor([6, 4, 3, 3], seed: 1),
        "linear": randomTensor([5, 30], seed: 2) * 1e-4,
        "double": randomTensor([7, 9], seed: 3, dtype: .float64),
        "bias": randomTensor([6], seed: 4), "column": randomTensor([6, 1], seed: 5),
        "count": Tensor([3, 4]), "zero": Tensor.zeros([3, 3]),
      ]
      try Safetensors.write(gradients, metadata: ["format": "pt"], to: place.path("in.safetensors"))
      let input = try place.contents("in.safetensors")
      let output = try place.succeed(
        "deflate in.safetensors out.safetensors --solver \(solver) --json r.json")
      let file = try Safetensors.read(from: place.path("out.safetensors"))
      #expect(file.metadata == ["format": "pt"])
      #expect(try place.contents("in.safetensors") == input)
      #expect(Set(file.tensors.names) == Set(gradients.names))
      let record = try place.json("r.json", as: Record.self)
      #expect(record.solver == solver)
      for (name, gradient) in gradients {
        let found = try #require(file.tensors[name])
        #expect(found.dtype == gradient.dtype && found.shape == gradient.shape, "\(name)")
        guard ["conv", "linear", "double"].contains(name) else {
          #expect(found.isIdentical(to: gradient), "\(name)")
          continue
        }
        let matrix = gradient.converted(to: .float64).flattened(from: 1)
        let (u, s, vh) = try matrix.singularValueDecomposition()
        let expected = matrix - u.selecting(0, along: 1).outer(vh[0]) * s[0].item()
        let error = (found.converted(to: .float64).flattened(from: 1) - expected).norm().item()
        #expect(error <= 1e-4 * expected.norm().item(), "\(name)")
        let layer = try #require(record.layers.first { $0.name == name })
        expectClose(layer.sigma1!, s[0].item(), relative: 1e-5)
        let energy = s[0].squared().item() / matrix.squared().sum().item()
        expectClose(layer.energyRemoved!, energy, relative: 1e-5)
        #expect(output.contains(name))
      }
    }
  }

  @Test func `single vectors are zeroed as released when asked`() throws {
    try Workplace.with { place in
      try place.write(["gain": randomTensor([6, 1, 1, 1], seed: 5)], to: "in.safetensors")
      try place.succeed("deflate in.safetensors out.safetensors --single-vectors-as-released")
      let gain = try #require(place.tensors("out.safetensors")["gain"])
      #expect(gain.shape == [6, 1, 1, 1] && gain.norm().item() == 0)
    }
  }
}
