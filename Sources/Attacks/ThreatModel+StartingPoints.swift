import Torch

extension ThreatModel {
  /// Throws unless the points are admissible places to start an attack on the images from.
  func check(startingPoints points: Tensor, for images: Tensor) throws(AttackError) {
    guard points.shape == images.shape, points.dtype == images.dtype, points.device == images.device
    else {
      throw .unusable(
        .startingPoints, expected: "\(images.dtype) \(images.shape) on \(images.device)",
        found: "\(points.dtype) \(points.shape) on \(points.device)",
        remedy: "give one point for each image")
    }
    let broken = violations(of: points, from: images)
    guard broken.isEmpty else {
      throw .unusable(
        .startingPoints, expected: "finite pixels in [0, 1] within \(self) of the images",
        found: "of \(broken.images) points \(broken.nonFinite) not finite, "
          + "\(broken.outsidePixelRange) outside [0, 1], \(broken.outsideBall) outside the ball",
        remedy: "give the points themselves, not the perturbations, in the images' order")
    }
  }
}
