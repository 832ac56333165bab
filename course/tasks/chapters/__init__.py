"""The tasks of each chapter: a module NN_name with a tuple TASKS."""
