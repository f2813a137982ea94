import Foundation
import Layers
import Models
import Spiking
import TestSupport
import Testing
import Torch

/// Full-width networks against the authors' own modules (scripts/fixtures/authors.py).
@Suite struct AuthorsParameterTests {
  private struct Record: Decodable {
    struct Model: Decodable {
      let classes: Int
      let channels: Int
      let imageSize: Int
      let count: Int
      let parameters: [String: [Int]]
      let buffers: [String: [Int]]
    }
    let models: [String: Model]
  }

  private func record() throws -> Record {
    let data = try Data(
      contentsOf: URL(fileURLWithPath: Fixture.path("authors-parameters.json")))
    return try JSONDecoder().decode(Record.self, from: data)
  }

  private func shapes(_ tensors: NamedTensors) -> [String: [Int]] {
    Dictionary(uniqueKeysWithValues: tensors.map { ($0.name, $0.tensor.shape) })
  }

  private func expectSame(_ ours: [String: [Int]], _ theirs: [String: [Int]]) {
    for name in Set(ours.keys).union(theirs.keys).sorted() {
      #expect(ours[name] == theirs[name], "\(name)")
    }
  }

  @Test func `the record has every name`() throws {
    #expect(Set(try record().models.keys) == Set(ModelName.allCases.map(\.rawValue)))
  }

  @Test(arguments: ModelName.allCases)
  func `parameters and running statistics have the authors' names, shapes and count`(
    _ name: ModelName
  ) throws {
    let theirs = try #require(try record().models[name.rawValue])
    // The authors' networks without batch norm are ImageNet's, the others are CIFAR's.
    let stem: Stem? =
      switch name {
      case .resnet18, .resnet34: .cifar
      case .nfResNet18, .nfResNet34, .nfResNet50: .imagenet
      default: nil
      }
    let network = try ModelDesign(
      name, classes: theirs.classes, channels: theirs.channels, imageSize: theirs.imageSize,
      stem: stem
    ).network(using: nil)
    expectSame(shapes(network.parameters), theirs.parameters)
    expectSame(shapes(network.buffers), theirs.buffers)
    #expect(network.parameters.tensors.reduce(0) { $0 + $1.count } == theirs.count)
    #expect(theirs.parameters.values.reduce(0) { $0 + $1.reduce(1, *) } == theirs.count)
  }
}
