# The tables as infra/warehouse/tables/*.sql declares them: the files that the code embeds, read once more. No provider is
# needed, so `terraform console` shows what it makes of them.

variable "folder" {
  description = "Where the files are."
  type        = string
}

locals {
  types = {
    "{{numeric}}" = "NUMERIC"
    INT64         = "INTEGER"
    BOOL          = "BOOLEAN"
  }
  files = { for name in fileset(var.folder, "*.sql") : trimsuffix(name, ".sql") => file("${var.folder}/${name}") }
  tables = {
    for name, sql in local.files : name => {
      description = join(" ", [for line in regexall("(?m)^-- (.*)$", sql) : trimspace(line[0])])
      partition   = try(regex("\\{\\{partition_by (\\w+)\\}\\}", sql)[0], null)
      cluster     = try(split(", ", regex("\\{\\{cluster_by ([^}]+)\\}\\}", sql)[0]), null)
      columns = [
        for column in regexall("(?m)^    (\\w+) ([A-Z0-9]+|\\{\\{numeric\\}\\})( NOT NULL)?,?(?: -- (.*))?$", sql) : merge(
          {
            name = column[0]
            type = lookup(local.types, column[1], column[1])
            mode = column[2] == null || column[2] == "" ? "NULLABLE" : "REQUIRED"
          },
          column[3] == null || column[3] == "" ? {} : { description = trimspace(column[3]) },
        )
      ]
    }
  }
}

output "tables" {
  value = local.tables
}
