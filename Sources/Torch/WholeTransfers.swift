import Foundation

extension UnsafeRawBufferPointer {
  /// Writes the bytes where the file stands, however often the system takes a part or a signal comes between.
  ///
  /// - Returns: how many were written: all, or `errno` says why not.
  package func written(to descriptor: Int32) -> Int {
    var done = 0
    while done < count {
      let step = write(descriptor, baseAddress! + done, count - done)
      if step < 0, errno == EINTR { continue }
      guard step >= 0 else { break }
      done += step
    }
    return done
  }
}

extension UnsafeMutableRawBufferPointer {
  /// Fills the memory with what begins at `offset` of the file.
  ///
  /// - Returns: how many bytes were read: all, or `errno` says why not; it is 0 at the file's end.
  package func filled(from descriptor: Int32, at offset: Int) -> Int {
    var done = 0
    while done < count {
      let step = pread(descriptor, baseAddress! + done, count - done, off_t(offset + done))
      if step < 0, errno == EINTR { continue }
      guard step > 0 else {
        if step == 0 { errno = 0 }
        break
      }
      done += step
    }
    return done
  }
}
