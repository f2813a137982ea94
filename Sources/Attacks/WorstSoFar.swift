import Torch

/// The worst that was found for each image of a batch: the first example that fools, else the one of highest loss.
struct WorstSoFar {
  /// `[B, ...]`
  private(set) var examples: Tensor
  /// `[B]`
  private(set) var losses: Tensor
  /// `[B]`
  private(set) var fooled: Tensor

  /// Begins with what is known already: usually the images themselves, so that nothing worse is ever kept.
  init(examples: Tensor, losses: Tensor, fooled: Tensor) {
    self.examples = examples
    self.losses = losses
    self.fooled = fooled
  }

  /// The images that nothing has fooled yet: int64, `[survivors]`.
  var survivors: Tensor { (.!fooled).trueIndices() }

  /// Takes examples of the images of the given rows where they fool, or are of a higher loss.
  ///
  /// - Precondition: the rows are survivors.
  mutating func consider(_ others: Tensor, losses: Tensor, fooled: Tensor, rows: Tensor) {
    let better = (fooled .| (losses .> self.losses.gathering(rows))).trueIndices()
    let places = rows.gathering(better)
    examples = examples.replacing(places, with: others.gathering(better))
    self.losses = self.losses.replacing(places, with: losses.gathering(better))
    self.fooled = self.fooled.replacing(places, with: fooled.gathering(better))
  }
}
