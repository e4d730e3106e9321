# Environment variables of every run, sourced by the launcher, the last build step and the Apptainer image. What must hold
# for a program that pip installed too is set by src/interstice/__init__.py.
# shellcheck shell=sh
export LC_ALL=C.UTF-8

# MPI ranks fill the cores; threads of the linear algebra underneath would only fight for them.
export OMP_NUM_THREADS="${OMP_NUM_THREADS:-1}"

# Pictures are drawn in memory, without looking for a screen.
export PYVISTA_OFF_SCREEN=true VTK_DEFAULT_OPENGL_WINDOW=vtkEGLRenderWindow
