"""The learner's desk: a Lab with its clock, faults and pictures; predictions and quizzes."""
