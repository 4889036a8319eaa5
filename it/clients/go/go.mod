module orchard.dev/it/clients

go 1.26
