import Foundation
import Layers
import Models
import NetworkFixtures
import Spiking
import TestSupport
import Testing
import Torch

@testable import Experiments

@Suite struct WeightFileTests {
  private static let spikingJelly = Fixture.path("state-dicts/spikingjelly-vgg5.pth")

  /// VGG-5 of the fixtures (scripts/peers/vgg.py).
  private var recipe: NetworkRecipe {
    var recipe = NetworkRecipe()
    recipe.width = 0.125
    recipe.normalization = .fashionMNIST
    return recipe
  }

  private func logits(_ path: String) throws -> Tensor {
    let loaded = try LoadedNetwork(weights: path, recipe: recipe)
    let images = try Fixture.load("vgg.safetensors").tensors["images"]!
    var pass = ForwardPass(.evaluation)
    return loaded.network(recipe.encoder(images, &pass), &pass)
  }

  @Test func `the state dict of SpikingJelly's own network gives its logits`() throws {
    let theirs = try Fixture.load("vgg.safetensors").tensors["eval.logits"]!
    try expectClose(logits(Self.spikingJelly), theirs, relative: 0, absolute: 1e-4)
  }

  @Test func `all forms of one network's weights give the same bits`() throws {
    let fixture = try Fixture.load("vgg.safetensors").tensors
    try withTemporaryDirectory { folder in
      let paths = ["release", "spikingjelly", "parallel", "again"].map { "\(folder)/\($0)" }
      try Safetensors.write(fixture.part("weights."), to: paths[0])
      try WeightConversion(paths[0], to: .spikingjelly).write(to: paths[1])
      try Safetensors.write(fixture.part("weights.").prefixed("module."), to: paths[2])
      try WeightConversion(Self.spikingJelly, to: .release).write(to: paths[3])
      let expected = try logits(paths[0])
      for path in paths + [Self.spikingJelly] {
        #expect(try logits(path).isIdentical(to: expected), "\(path)")
      }
      let back = try WeightConversion(paths[1], to: .release)
      #expect(back.model == "vgg5" && back.found == .spikingjelly)
      for (name, tensor) in fixture.part("weights.") {
        #expect(back.tensors[name]!.isIdentical(to: tensor), "\(name)")
      }
      #expect(
        try Safetensors.read(from: paths[1]).metadata
          == ["format": "pt", "model": "vgg5", "naming": "spikingjelly"])
    }
  }

  @Test func `what is left out or chosen is said`() throws {
    let parallel = try WeightFile(Fixture.path("state-dicts/module.pth"))
    #expect(parallel.tensors.names.prefix(2) == ["0.weight", "0.bias"])
    #expect(
      parallel.notes == ["left out the prefix 'module.' that DataParallel puts before every name"])
    let nested = try WeightFile(Fixture.path("state-dicts/checkpoint.pth"))
    #expect(nested.notes == ["read the tensors under 'net'"] && nested.tensors.count == 9)
    #expect(try WeightFile(Fixture.path("state-dicts/types.pth")).notes == [])
    let student = try WeightFile(Fixture.path("state-dicts/two.pth"), key: "student")
    #expect(student.tensors.count == 9)
  }

  /// The text of the error, with the folder as DIR.
  private func error(_ tensors: NamedTensors, _ body: (String) throws -> Void) throws -> String? {
    try withTemporaryDirectory { folder in
      let path = folder + "/a"
      try Safetensors.write(tensors, to: path)
      do {
        try body(path)
        return nil
      } catch { return "\(error)".replacing(folder, with: "DIR") }
    }
  }

  @Test func `names of other networks are errors that say which are missing`() throws {
    var weights = try Fixture.load("vgg.safetensors").tensors.part("weights.")
    weights["layer1.0.bias"] = nil
    weights["extra"] = Tensor(1)
    let load = { (path: String) in _ = try LoadedNetwork(weights: path, recipe: self.recipe) }
    #expect(
      try error(weights, load)
        == "DIR/a: the weights belong to another network: missing 'layer1.0.bias'; not in this network "
        + "'extra'; name the model, head, width and classes that they were made for")
    #expect(
      try error(weights) { _ = try WeightConversion($0, to: .release) }
        == "DIR/a: expected the names of a network of ours, found names that come nearest to vgg5 "
        + "under 'release': missing 'layer1.0.bias'; unknown 'extra'; rename the tensors to those")
    var theirs = try WeightConversion(Self.spikingJelly, to: .spikingjelly).tensors
    theirs["classifier.3.weight"] = Tensor(1)
    #expect(
      try error(theirs, load)
        == "DIR/a: the weights under SpikingJelly's names belong to another network: unknown "
        + "'classifier.3.weight'; name the model that they were made for. SpikingJelly's stock VGG has "
        + "three linear layers and max pooling: it is none of ours")
    #expect(
      try error(weights) { _ = try WeightConversion($0, to: .release, model: "vgg6") }?
        .hasPrefix("--model: expected one of vgg5, vgg11, ") == true)
    #expect(
      try error(weights) { _ = try WeightFile($0, key: "net") }
        == "DIR/a: --key is for PyTorch's files; this one has no dictionaries")
  }

  @Test func `a file of another content under PyTorch's endings is told what those are`() throws {
    try withTemporaryDirectory { folder in
      let path = folder + "/a.pth"
      try Data("neither".utf8).write(to: URL(fileURLWithPath: path))
      #expect(throws: PyTorchArchiveError.self) { try WeightFile(path) }
      try Data("neither".utf8).write(to: URL(fileURLWithPath: folder + "/a"))
      #expect(throws: SafetensorsError.self) { try WeightFile(folder + "/a") }
      // By content: the ending does not matter.
      try Safetensors.write(["a": Tensor(1)], to: path)
      #expect(try WeightFile(path).tensors.names == ["a"])
    }
  }
}
