"""What `./dev` does once the packages are installed. The list of commands is `commands.txt`."""
