using System.CommandLine;
using Atoll.Domain.Templates;
using Atoll.Node.Templates;

namespace Atoll.Server.Commands;

/// <summary><c>template build</c> makes a template from its recipe; <c>template list</c> shows those that are there.</summary>
internal static class TemplateCommand
{
    public static Command Create()
    {
        Option<string> data = ServerOptions.Data();
        Option<string> templates = ServerOptions.Templates();
        var recipes = new Option<string>("--recipes")
        {
            Description = "The directory that holds a directory for each recipe",
            DefaultValueFactory = _ => "templates",
        };
        var name = new Argument<string>("name") { Description = "Which recipe", DefaultValueFactory = _ => "base" };

        var build = new Command("build", "Make a template from its recipe, unless that was done already") { name, recipes, data, templates };
        build.SetAction((arguments, cancellation) => BuildAsync(
            Path.Combine(arguments.GetRequiredValue(recipes), arguments.GetRequiredValue(name)),
            ServerOptions.TemplatesDirectory(arguments, templates, data), cancellation));

        var list = new Command("list", "Show the templates that are there") { data, templates };
        list.SetAction(arguments => List(ServerOptions.TemplatesDirectory(arguments, templates, data)));
        return new Command("template", "The root file systems that sandboxes start from") { build, list };
    }

    private static async Task<int> BuildAsync(string recipe, string templates, CancellationToken cancellation)
    {
        TemplateId id = await new TemplateBuilder(templates, TimeProvider.System)
            .BuildAsync(TemplateRecipe.Load(recipe), new ErrorLines(), cancellation);
        Console.WriteLine(id);
        return 0;
    }

    private static int List(string templates)
    {
        TemplateStore store = TemplateStore.Open(templates);
        foreach (Template template in store.List())
        {
            Console.WriteLine($"{template.Id}  {template.Name,-16}  {template.CreatedAt:u}  {template.Description}");
        }

        foreach (RefusedTemplate refused in store.Refused)
        {
            Console.Error.WriteLine($"{refused.Path} cannot be used: {refused.Reason}");
        }

        return 0;
    }

    /// <summary>Progress goes to standard error, in order; the answer alone goes to standard output.</summary>
    private sealed class ErrorLines : IProgress<string>
    {
        public void Report(string value) => Console.Error.WriteLine(value);
    }
}
