import Layers
import Models
import Spiking
import Torch
import Training

/// A network with its weights, from a checkpoint or from bare weights and a recipe.
public struct LoadedNetwork: Sendable {
  public let network: any SpikingNetwork
  public let recipe: NetworkRecipe
  /// How it was trained, where the file says so.
  public let manifest: RunManifest?
  public let path: String
  /// What was left out of the file's names or chosen from it, a sentence each.
  public let notes: [String]

  /// - Parameter seed: of a stochastic coding, which draws anew at every call.
  public func classifier(seed: UInt64 = 0) -> (Tensor) -> Tensor {
    network.classifier(recipe.encoder, using: Generator(seed: seed))
  }

  /// A checkpoint of Spikeguard's: it says itself what network it is.
  public init(checkpoint path: String) throws {
    let checkpoint = try Checkpoint<RunManifest>(contentsOf: path)
    recipe = checkpoint.manifest.network
    manifest = checkpoint.manifest
    notes = []
    network = try recipe.build(seed: 0)
    self.path = path
    do { try network.load(checkpoint.weights) } catch { throw LoadError(path: path, reason: error) }
  }

  /// Bare weights from any tool: safetensors or PyTorch's files, under the release's names or SpikingJelly's.
  public init(weights path: String, recipe: NetworkRecipe) throws {
    let file = try WeightFile(path)
    self.recipe = recipe
    manifest = nil
    network = try recipe.build(seed: 0)
    self.path = path
    notes = file.notes
    let tensors = try file.tensors(for: WeightNames(release: network.weights.names))
    do { try network.load(tensors) } catch { throw LoadError(path: path, reason: error) }
  }

  /// A network that is at hand.
  init(_ network: any SpikingNetwork, recipe: NetworkRecipe, path: String) {
    self.network = network
    self.recipe = recipe
    manifest = nil
    self.path = path
    notes = []
  }

  /// Data that this network cannot take are refused before anything runs.
  public func check(_ shape: (channels: Int, height: Int, width: Int), classes: Int) throws {
    guard shape.channels == recipe.channels, shape.height == recipe.imageSize,
      shape.width == recipe.imageSize
    else {
      throw UsageError(
        "\(path): expected images of \(recipe.channels) × \(recipe.imageSize) × "
          + "\(recipe.imageSize), found \(shape.channels) × \(shape.height) × \(shape.width); "
          + "name the data set that the network was trained on")
    }
    guard classes <= recipe.classes else {
      throw UsageError(
        "\(path): the network knows \(recipe.classes) classes, the data have \(classes); "
          + "name the data set that the network was trained on")
    }
  }
}

/// Weights that do not fit the network, with the file that they are from.
public struct LoadError: Error, CustomStringConvertible {
  public let path: String
  public let reason: any Error
  public var description: String { "\(path): \(reason)" }
}
