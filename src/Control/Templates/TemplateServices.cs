using Atoll.Control.Stores;
using Atoll.Domain.Templates;
using Microsoft.Extensions.DependencyInjection;

namespace Atoll.Control.Templates;

/// <summary>Adds what decides about templates. Needs <see cref="IBuiltInTemplates"/>.</summary>
internal static class TemplateServices
{
    public static void AddTemplates(this IServiceCollection services) => services
        .AddSingleton<CatalogueStore>()
        .AddSingleton<Catalogue>()
        .AddSingleton<ITemplates>(provider => provider.GetRequiredService<Catalogue>())
        .AddSingleton<TemplateRules>()
        .AddSingleton<RegistrySecrets>()
        .AddSingleton<NewTemplates>()
        .AddSingleton<ITemplateCatalogue, OwnedTemplates>();
}
