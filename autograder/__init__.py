"""The class room: an nbgrader course root made from the chapters, and how it is graded."""
