using System.CommandLine;
using Atoll.Server.Commands;
using Atoll.Server.Doctor;

var root = new RootCommand("Atoll: a self-hosted sandbox cloud");
root.Subcommands.Add(TemplateCommand.Create());
root.Subcommands.Add(DoctorCommand.Create(_ => []));
return await root.Parse(args).InvokeAsync();
