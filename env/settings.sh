# Environment variables of every run, sourced by the launcher, the last build step and the Apptainer image.
# shellcheck shell=sh
export LC_ALL=C.UTF-8

# MPI ranks fill the cores; threads of the linear algebra underneath would only fight for them.
export OMP_NUM_THREADS="${OMP_NUM_THREADS:-1}"

# Open MPI on one machine: shared memory only, any number of ranks, none pinned (two runs would share the first core).
export OMPI_MCA_btl="${OMPI_MCA_btl:-self,sm}"
export PMIX_MCA_gds="${PMIX_MCA_gds:-hash}"
export PRTE_MCA_rmaps_default_mapping_policy="${PRTE_MCA_rmaps_default_mapping_policy:-:oversubscribe}"
export PRTE_MCA_hwloc_default_binding_policy="${PRTE_MCA_hwloc_default_binding_policy:-none}"
# A rank that waits lets others compute, also where there are more ranks than cores.
export OMPI_MCA_mpi_yield_when_idle="${OMPI_MCA_mpi_yield_when_idle:-1}"
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1

# Pictures are drawn in memory, without looking for a screen.
export PYVISTA_OFF_SCREEN=true VTK_DEFAULT_OPENGL_WINDOW=vtkEGLRenderWindow
