from interstice.cli import main

main()
