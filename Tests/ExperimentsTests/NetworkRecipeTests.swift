import Experiments
import Foundation
import Layers
import Models
import NetworkFixtures
import Spiking
import TestSupport
import Testing
import Torch

/// A network as options and manifests say it.
@Suite struct NetworkRecipeTests {
  /// As version 0.1.0 wrote it, before there were stems and rectified twins.
  static let old = """
    {"channels": 3, "classes": 7, "head": "compact", "imageSize": 32, "model": "vgg11",
     "neuron": {"decaysInput": false, "detachesReset": false, "reset": "soft", "surrogate": "triangle",
       "surrogateWidth": 1, "tau": 1.1, "temporalGradient": "throughTime", "threshold": 1},
     "steps": 4, "width": 0.25}
    """

  /// A checkpoint of that version lacks more than this; its weights can be read with `--weights`.
  @Test func `a recipe that does not say its activation or coding is refused, not guessed`() throws
  {
    #expect(throws: DecodingError.self) {
      try JSONDecoder().decode(NetworkRecipe.self, from: Data(Self.old.utf8))
    }
    let complete = Self.old.replacing(
      "\"steps\": 4", with: "\"steps\": 4, \"activation\": \"spiking\", \"coding\": \"direct\"")
    let recipe = try JSONDecoder().decode(NetworkRecipe.self, from: Data(complete.utf8))
    #expect(recipe.model == .vgg11 && recipe.classes == 7 && recipe.head == .compact)
    #expect(recipe.stem == nil && recipe.normalization == nil)
    #expect(try recipe.build(seed: 0) is VGG)
  }

  @Test func `a recipe survives its record`() throws {
    var recipe = NetworkRecipe()
    recipe.model = .nfResNet50
    recipe.stem = .imagenet
    recipe.activation = .relu
    recipe.imageSize = 64
    recipe.width = 0.125
    let read = try JSONDecoder().decode(
      NetworkRecipe.self, from: JSONEncoder().encode(recipe))
    #expect(read == recipe)
    let network = try #require(try read.build(seed: 0) as? NFResNet)
    #expect(network.configuration.neuron is Rectifier)
    #expect(network.configuration.activationScale == NFResNetConfiguration.rectifierScale)
    #expect(try read.size().parameters == network.parameters.tensors.map(\.count).reduce(0, +))
  }

  @Test func `values that are not known are refused`() {
    for (key, value) in [("model", "vgg6"), ("activation", "gelu"), ("stem", "mnist")] {
      let json = Self.old.replacing(
        "\"steps\": 4", with: "\"steps\": 4, \"\(key)\": \"\(value)\"")
      let text = key == "model" ? Self.old.replacing("vgg11", with: value) : json
      #expect(throws: DecodingError.self) {
        try JSONDecoder().decode(NetworkRecipe.self, from: Data(text.utf8))
      }
    }
  }
}
