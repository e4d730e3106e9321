from interstice.solver.cli import main

main()
